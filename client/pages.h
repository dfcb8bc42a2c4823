// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CLIENT_PAGES_H_
#define CLIENT_PAGES_H_

#include "absl/status/statusor.h"
#include "client/session.h"

namespace tinyjoule {

// Every page of a list, as one answer.
template <typename Service, typename Request, typename Response>
absl::StatusOr<Response> AllPages(Session& session,
                                  grpc::Status (Service::*method)(grpc::ClientContext*,
                                                                  const Request&, Response*),
                                  Request request) {
  Response all;
  do {
    auto page = session.connection.Call(method, request);
    if (!page.ok()) return page.status();
    request.set_page_token(page->next_page_token());
    all.MergeFrom(*page);
  } while (!request.page_token().empty());
  all.clear_next_page_token();
  return all;
}

}  // namespace tinyjoule

#endif  // CLIENT_PAGES_H_
