// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "common/base/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/base/file_system.h"
#include "common/base/framing.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

void CloseDescriptor(int* fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

struct Pipe {
  int read_end = -1;
  int write_end = -1;
  absl::Status Open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return ErrnoStatus(errno, "cannot create a pipe");
    read_end = ends[0];
    write_end = ends[1];
    return absl::OkStatus();
  }
  void Close() {
    CloseDescriptor(&read_end);
    CloseDescriptor(&write_end);
  }
};

// argv or envp for exec, made before the fork: the child may not allocate.
class CStrings {
 public:
  explicit CStrings(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) pointers_.push_back(const_cast<char*>(text.c_str()));
    pointers_.push_back(nullptr);
  }
  char** get() { return pointers_.data(); }

 private:
  std::vector<char*> pointers_;
};

std::vector<std::string> MergedEnvironment(const std::vector<std::string>& added) {
  std::vector<std::string> merged = added;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const absl::string_view text(*entry);
    const absl::string_view name = text.substr(0, text.find('=') + 1);
    bool overridden = false;
    for (const std::string& mine : added)
      overridden |= absl::string_view(mine).substr(0, name.size()) == name;
    if (!overridden) merged.emplace_back(text);
  }
  return merged;
}

struct ChildSetup {
  int input = -1;
  int output = -1;
  int error_output = -1;
  int report = -1;
  // Empty: as the parent's.
  cpu_set_t cpus;
  int niceness = 0;
  pid_t parent = 0;
};

cpu_set_t SetOf(const std::vector<int>& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus) CPU_SET(static_cast<size_t>(cpu), &set);
  return set;
}

[[noreturn]] void ReportAndExit(int report) {
  const int error_number = errno;
  [[maybe_unused]] const ssize_t written = write(report, &error_number, sizeof(error_number));
  _exit(127);
}

// Between fork and exec: only async-signal-safe calls.
[[noreturn]] void RunChild(const ChildSetup& setup, char** arguments, char** environment) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != setup.parent) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  dup2(setup.input, STDIN_FILENO);
  dup2(setup.output, STDOUT_FILENO);
  if (setup.error_output >= 0) dup2(setup.error_output, STDERR_FILENO);
  if (CPU_COUNT(&setup.cpus) > 0 && sched_setaffinity(0, sizeof(setup.cpus), &setup.cpus) != 0) {
    ReportAndExit(setup.report);
  }
  if (setup.niceness > 0) {
    setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + setup.niceness);
  }
  execvpe(arguments[0], arguments, environment);
  ReportAndExit(setup.report);
}

ExitState FromWaitStatus(int status) {
  ExitState state;
  if (WIFSIGNALED(status)) {
    state.signal = WTERMSIG(status);
  } else {
    state.exit_code = WEXITSTATUS(status);
  }
  return state;
}

class PosixChildProcess final : public ChildProcess {
 public:
  PosixChildProcess(pid_t pid, int input, int output) : pid_(pid), input_(input), output_(output) {}
  ~PosixChildProcess() override {
    if (!Poll()) Kill(SIGKILL);
    Wait();
    CloseDescriptor(&input_);
    CloseDescriptor(&output_);
  }

  absl::Status Write(absl::string_view bytes) override {
    if (input_ < 0) return absl::UnavailableError("the child's input is closed");
    absl::Status status = WriteAll(input_, bytes);
    if (status.ok()) return status;
    return absl::UnavailableError(absl::StrCat("the child took no more input: ", status.message()));
  }
  void CloseInput() override { CloseDescriptor(&input_); }

  absl::StatusOr<std::string> Read(size_t limit, int64_t timeout_ns) override {
    pollfd entry{output_, POLLIN, 0};
    const timespec timeout{static_cast<time_t>(timeout_ns / 1'000'000'000),
                           static_cast<long>(timeout_ns % 1'000'000'000)};
    int ready = 0;
    do {
      ready = ppoll(&entry, 1, timeout_ns < 0 ? nullptr : &timeout, nullptr);
    } while (ready < 0 && errno == EINTR);
    if (ready < 0) return ErrnoStatus(errno, "cannot wait for the child's output");
    if (ready == 0) return absl::DeadlineExceededError("the child wrote nothing in time");
    return ReadSome(output_, limit);
  }

  int pid() const override { return pid_; }

  // Under the lock, so that a reaped process id is never signalled.
  void Kill(int signal) override {
    absl::MutexLock lock(&mutex_);
    if (!state_) kill(pid_, signal);
  }

  ExitState Wait() override {
    // Waits without reaping first: Kill stays possible from another thread meanwhile.
    siginfo_t info{};
    while (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 &&
           errno == EINTR) {
    }
    absl::MutexLock lock(&mutex_);
    ReapLocked(0);
    return state_.value_or(ExitState{});
  }

  std::optional<ExitState> Poll() override {
    absl::MutexLock lock(&mutex_);
    ReapLocked(WNOHANG);
    return state_;
  }

 private:
  void ReapLocked(int options) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    int status = 0;
    if (!state_ && waitpid(pid_, &status, options) == pid_) state_ = FromWaitStatus(status);
  }

  const pid_t pid_;
  int input_;
  int output_;
  absl::Mutex mutex_;
  std::optional<ExitState> state_ ABSL_GUARDED_BY(mutex_);
};

// The errno of a failed exec; 0 when it went well and closed the pipe.
int ExecError(int fd) {
  int error_number = 0;
  ssize_t count = 0;
  do {
    count = read(fd, &error_number, sizeof(error_number));
  } while (count < 0 && errno == EINTR);
  return count == sizeof(error_number) ? error_number : 0;
}

}  // namespace

std::string ExitState::Describe() const {
  if (signal == 0) return absl::StrCat("exited with ", exit_code);
  return absl::StrCat("was killed by signal ", signal, " (", strsignal(signal), ")");
}

absl::StatusOr<std::unique_ptr<ChildProcess>> PosixProcessLauncher::Launch(
    const ProcessOptions& options) {
  if (options.arguments.empty()) return absl::InvalidArgumentError("no program to start");
  signal(SIGPIPE, SIG_IGN);  // A dead child is an error of Write, not our death.
  Pipe input, output, report;
  int error_output = -1;
  const auto close_all = [&] {
    input.Close();
    output.Close();
    report.Close();
    CloseDescriptor(&error_output);
  };
  absl::Status status = input.Open();
  status.Update(output.Open());
  status.Update(report.Open());
  if (status.ok() && !options.stderr_path.empty()) {
    error_output =
        open(options.stderr_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (error_output < 0) {
      status = ErrnoStatus(errno, absl::StrCat("cannot open the log ", options.stderr_path));
    }
  }
  if (!status.ok()) {
    close_all();
    return status;
  }
  const std::vector<std::string> merged = MergedEnvironment(options.environment);
  CStrings arguments(options.arguments);
  CStrings environment(merged);
  const ChildSetup setup{input.read_end,      output.write_end, error_output, report.write_end,
                         SetOf(options.cpus), options.niceness, getpid()};
  const pid_t pid = fork();
  if (pid == 0) RunChild(setup, arguments.get(), environment.get());
  if (pid < 0) {
    status = ErrnoStatus(errno, absl::StrCat("cannot start ", options.arguments[0]));
    close_all();
    return status;
  }
  CloseDescriptor(&report.write_end);
  const int exec_error = ExecError(report.read_end);
  auto child = std::make_unique<PosixChildProcess>(pid, input.write_end, output.read_end);
  input.write_end = output.read_end = -1;
  close_all();
  if (exec_error != 0) {
    return ErrnoStatus(exec_error, absl::StrCat("cannot start ", options.arguments[0]));
  }
  return child;
}

std::string SiblingProgram(absl::string_view name) {
  char self[4096];
  const ssize_t size = readlink("/proc/self/exe", self, sizeof(self));
  if (size <= 0) return std::string(name);
  const std::string beside =
      JoinPath(FolderOf(absl::string_view(self, static_cast<size_t>(size))), name);
  return access(beside.c_str(), X_OK) == 0 ? beside : std::string(name);
}

}  // namespace tinyjoule
