// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/commands.h"
#include "client/tables.h"

namespace tinyjoule {
namespace {

struct LabelOptions {
  std::string agent;
  std::vector<std::string> labels;
};

int PrintAgent(Session& session, const v1::Agent& agent) {
  v1::ListAgentsResponse answer;
  *answer.add_agents() = agent;
  WriteAnswer(session.console, session.format, AgentsTable(answer), agent);
  return kExitOk;
}

// key=value sets a label, key- takes it away.
int Label(Session& session, const LabelOptions& options) {
  v1::LabelAgentRequest request;
  request.set_agent(options.agent);
  for (const std::string& label : options.labels) {
    const size_t equals = label.find('=');
    if (equals != std::string::npos && equals > 0) {
      (*request.mutable_set())[label.substr(0, equals)] = label.substr(equals + 1);
    } else if (label.size() > 1 && label.back() == '-') {
      request.add_remove(label.substr(0, label.size() - 1));
    } else {
      return Fail(session, kExitUsage,
                  absl::StrCat(label, " is no label: write key=value, or key- to take it away"));
    }
  }
  const auto answer = session.connection.Call(&v1::FleetService::Stub::LabelAgent, request);
  return answer.ok() ? PrintAgent(session, answer->agent()) : Fail(session, answer.status());
}

int Cordon(Session& session, const std::string& agent, bool cordoned) {
  v1::CordonAgentRequest request;
  request.set_agent(agent);
  request.set_cordoned(cordoned);
  const auto answer = session.connection.Call(&v1::FleetService::Stub::CordonAgent, request);
  return answer.ok() ? PrintAgent(session, answer->agent()) : Fail(session, answer.status());
}

int Remove(Session& session, const std::string& agent) {
  v1::RemoveAgentRequest request;
  request.set_agent(agent);
  const auto answer = session.connection.Call(&v1::FleetService::Stub::RemoveAgent, request);
  if (!answer.ok()) return Fail(session, answer.status());
  session.console.out << agent << " is forgotten\n";
  return kExitOk;
}

void AddNamed(CLI::App& verb, const char* name, const char* help, Command& chosen,
              int (*run)(Session&, const std::string&)) {
  const auto agent = std::make_shared<std::string>();
  CLI::App* sub = verb.add_subcommand(name, help);
  sub->add_option("AGENT", *agent, "The agent's name")->required();
  sub->callback([agent, run, &chosen] {
    chosen = [agent, run](Session& session) { return run(session, *agent); };
  });
}

}  // namespace

void AddAgents(CLI::App& root, Command& chosen) {
  CLI::App* verb = root.add_subcommand("agents", "The fleet");
  verb->require_subcommand(1);
  const auto options = std::make_shared<LabelOptions>();
  CLI::App* label = verb->add_subcommand("label", "Sets (key=value) and takes away (key-) labels");
  label->add_option("AGENT", options->agent, "The agent's name")->required();
  label->add_option("LABEL", options->labels, "key=value or key-")->required();
  label->callback([options, &chosen] {
    chosen = [options](Session& session) { return Label(session, *options); };
  });
  AddNamed(*verb, "cordon", "No new runs for this agent; the one that is on goes on", chosen,
           [](Session& session, const std::string& agent) { return Cordon(session, agent, true); });
  AddNamed(
      *verb, "uncordon", "New runs again", chosen,
      [](Session& session, const std::string& agent) { return Cordon(session, agent, false); });
  AddNamed(*verb, "remove", "Forgets an agent that is not connected", chosen, Remove);
  AddCalibrate(*verb, chosen);
}

}  // namespace tinyjoule
