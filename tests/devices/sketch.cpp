// The reference sketch, compiled as it is. Arduino's own build has none of our warnings.
#include "Arduino.h"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
void setup();
void loop();
#include "devices/esp32/telltale-sensor/telltale-sensor.ino"
