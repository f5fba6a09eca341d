# What is installed, and the Debian package of it: scripts/package.sh. The same package goes into the container image.
include(GNUInstallDirs)
find_program(SYSTEM_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)

# Made from the program's own --help when a package is made, so that they cannot differ from it.
set(help_files ${CMAKE_BINARY_DIR}/help)
install(CODE "execute_process(COMMAND ${SYSTEM_PYTHON} ${PROJECT_SOURCE_DIR}/deploy/from_help.py $<TARGET_FILE:telltale> ${help_files}
                              COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND gzip -9nf telltale.1 telltale-pki.1 telltale.toml.5 WORKING_DIRECTORY ${help_files} COMMAND_ERROR_IS_FATAL ANY)
  configure_file(${PROJECT_SOURCE_DIR}/CHANGELOG.md ${help_files}/changelog COPYONLY)
  execute_process(COMMAND gzip -9nf changelog WORKING_DIRECTORY ${help_files} COMMAND_ERROR_IS_FATAL ANY)")

install(TARGETS telltale RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS telltale_readings LIBRARY DESTINATION lib/telltale)
install(PROGRAMS deploy/pki.sh DESTINATION ${CMAKE_INSTALL_BINDIR} RENAME telltale-pki)
install(FILES deploy/config/telltale.toml DESTINATION /etc/telltale)
install(FILES deploy/systemd/telltale.service DESTINATION /lib/systemd/system)
install(FILES ${help_files}/telltale.1.gz ${help_files}/telltale-pki.1.gz DESTINATION ${CMAKE_INSTALL_DATADIR}/man/man1)
install(FILES ${help_files}/telltale.toml.5.gz DESTINATION ${CMAKE_INSTALL_DATADIR}/man/man5)
install(FILES ${help_files}/telltale.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME telltale)
install(FILES ${help_files}/_telltale DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${help_files}/changelog.gz DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/telltale)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/telltale RENAME copyright)
install(FILES broker/mosquitto-production.conf broker/acl.example broker/acl.tenants.example
  deploy/prometheus/prometheus.yml deploy/prometheus/telltale.rules.yml
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/telltale/examples)

set(CPACK_GENERATOR DEB)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_CONTACT "Telltale <telltale@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "stores and watches sensor readings from MQTT")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Listens to fleets of sensors over MQTT, stores every reading so that nothing acknowledged is lost,
notices what is unusual, silent or beyond a limit, and says so on MQTT topics, by webhook, ntfy, Slack and e-mail.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1 CACHE STRING "Of the Debian package")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates, tzdata")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "mosquitto, openssl, procps")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "mosquitto-clients, prometheus, sqlite3")
set(debian ${PROJECT_SOURCE_DIR}/deploy/debian)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${debian}/postinst ${debian}/prerm ${debian}/postrm ${debian}/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
