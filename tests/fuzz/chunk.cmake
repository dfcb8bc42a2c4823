# SPDX-FileCopyrightText: 2026 The TinyJoule Authors
# SPDX-License-Identifier: Apache-2.0
if(TINYJOULE_SERVER)
  tinyjoule_fuzz(chunk DEPS tj_base tj_energy tj_server_assembly)
endif()
