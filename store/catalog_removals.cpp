// Catalog: what was removed, and whether it has left the files.
#include <cstdint>
#include <string>

#include "store/catalog.hpp"

namespace telltale::store {

using namespace proto;

namespace {

/// The letters of devices that were known by their numbers have them; the others are looked at one by one.
std::vector<std::int64_t> letters_of(Database& database, const Removal& removal) {
  std::vector<std::int64_t> out;
  Statement select(database, "select id, device_key, topic from dead_letter where id<?");
  for (auto row = select.query(letter_id(removal.sequence, removal.index)); row.next();)
    if (concerns(removal.what, static_cast<DeviceKey>(row.integer(1)), row.text(2))) out.push_back(row.integer(0));
  return out;
}

}  // namespace

void Catalog::put_removals(const std::vector<Removal>& removals) {
  Statement put(database_, "insert or ignore into removal values(?, ?, ?, ?, ?, ?, ?, ?, ?, null)");
  Statement dead_device(database_, "insert or ignore into removed_device values(?, ?)");
  Statement dead_series(database_, "insert or ignore into removed_series values(?, ?)");
  Statement device(database_, "delete from device where device_key=?");
  Statement tags(database_, "delete from device_tag where device_key=?");
  Statement series(database_, "delete from series where series_id=?");
  Statement latest(database_, "delete from latest where series_id=?");
  Statement letter(database_, "delete from dead_letter where id=?");
  for (const auto& removal : removals) {
    const auto& what = removal.what;
    const auto id = letter_id(removal.sequence, removal.index);
    put.run(id, to_ms(removal.at), what.tenant, what.site, what.device, what.by, what.comment, what.devices.size(),
            what.series.size());
    for (const auto key : what.devices) {
      dead_device.run(to_number(key), id);
      device.run(to_number(key));
      tags.run(to_number(key));
    }
    for (const auto number : what.series) {
      dead_series.run(to_number(number), id);
      series.run(to_number(number));
      latest.run(to_number(number));
    }
    for (const auto found : letters_of(database_, removal)) letter.run(found);
    Statement(database_, "delete from tenant where tenant=? and not exists(select 1 from device where tenant=?)")
        .run(what.tenant, what.tenant);
  }
}

const Removed& Catalog::removed() {
  const auto newest = database_.number("select max(id) from removal");
  if (newest == removed_upto_) return removed_;
  Statement devices(database_, "select device_key from removed_device where removal>?");
  for (auto row = devices.query(removed_upto_); row.next();) removed_.add(static_cast<DeviceKey>(row.integer(0)));
  Statement series(database_, "select series_id from removed_series where removal>?");
  for (auto row = series.query(removed_upto_); row.next();) removed_.add(static_cast<SeriesId>(row.integer(0)));
  removed_upto_ = newest;
  return removed_;
}

std::vector<Catalog::PendingRemoval> Catalog::pending_removals(Timestamp upto) {
  std::vector<PendingRemoval> out;
  Statement removals(database_, "select id from removal where done_at is null and at<=?");
  for (auto row = removals.query(to_ms(upto)); row.next();) out.push_back({row.integer(0), {}});
  Statement series(database_, "select series_id from removed_series where removal=?");
  for (auto& removal : out)
    for (auto row = series.query(removal.id); row.next();)
      removal.series.push_back(static_cast<SeriesId>(row.integer(0)));
  return out;
}

Removed Catalog::removed_for_good() {
  Removed out;
  Statement series(database_,
                   "select series_id from removed_series join removal on removal=id where done_at is not null");
  for (auto row = series.query(); row.next();) out.add(static_cast<SeriesId>(row.integer(0)));
  return out;
}

void Catalog::removals_done(const std::vector<std::int64_t>& ids, Timestamp at) {
  Transaction transaction(database_);
  Statement done(database_, "update removal set done_at=? where id=?");
  for (const auto id : ids) done.run(to_ms(at), id);
  transaction.commit();
  database_.checkpoint();
}

}  // namespace telltale::store
