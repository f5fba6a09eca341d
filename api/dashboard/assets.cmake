# The dashboard's files as part of the program: their bytes by the assembler, and a table of them in dashboard_assets.cpp.
find_path(DYGRAPHS_FOLDER dygraph.min.js PATHS /usr/share/javascript/dygraphs NO_DEFAULT_PATH REQUIRED)

set(dashboard_files
  ${DYGRAPHS_FOLDER}/dygraph.min.css
  ${DYGRAPHS_FOLDER}/dygraph.min.js)
foreach(name IN ITEMS
    alert_dialogs.js alert_list.js alerts.js balance.js chart.js client.js device.js device_charts.js device_note.js dom.js fleet.js
    fleet_row.js format.js index.html live.js main.js metrics_text.js pages.css shell.js silences.js sparkline.js
    style.css system.js telltale.svg virtual_list.js)
  list(APPEND dashboard_files ${CMAKE_CURRENT_LIST_DIR}/${name})
endforeach()
set(dashboard_type_js "text/javascript; charset=utf-8")
set(dashboard_type_css "text/css; charset=utf-8")
set(dashboard_type_html "text/html; charset=utf-8")
set(dashboard_type_svg "image/svg+xml")

set(asset_bytes "")
set(asset_symbols "")
set(asset_rows "")
set(n 0)
foreach(path IN LISTS dashboard_files)
  get_filename_component(name ${path} NAME)
  get_filename_component(ext ${path} LAST_EXT)
  string(SUBSTRING ${ext} 1 -1 ext)
  string(APPEND asset_bytes
    "    \"telltale_asset_${n}: .incbin \\\"${path}\\\"\\n\"\n    \"telltale_asset_${n}_end: .byte 0\\n\"\n")
  string(APPEND asset_symbols "extern const char telltale_asset_${n}[], telltale_asset_${n}_end[];\n")
  string(APPEND asset_rows
    "      {\"${name}\", \"${dashboard_type_${ext}}\", between(telltale_asset_${n}, telltale_asset_${n}_end)},\n")
  math(EXPR n "${n} + 1")
endforeach()
configure_file(${CMAKE_CURRENT_LIST_DIR}/dashboard_assets.cpp.in ${CMAKE_CURRENT_BINARY_DIR}/dashboard_assets.cpp @ONLY)
set_property(SOURCE ${CMAKE_CURRENT_BINARY_DIR}/dashboard_assets.cpp PROPERTY OBJECT_DEPENDS "${dashboard_files}")
target_sources(api PRIVATE dashboard.cpp ${CMAKE_CURRENT_BINARY_DIR}/dashboard_assets.cpp)
