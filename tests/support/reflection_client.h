// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SUPPORT_REFLECTION_CLIENT_H_
#define TESTS_SUPPORT_REFLECTION_CLIENT_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor_database.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/unknown_field_set.h"
#include "google/protobuf/util/json_util.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"

namespace tinyjoule {

// A stream of bytes to a method that is known by its name alone. Blocks, within half a minute.
class RawStream {
 public:
  RawStream(grpc::GenericStub& stub, const std::string& method) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    call_ = stub.PrepareCall(&context_, method, &queue_);
    call_->StartCall(this);
    Wait();
  }
  ~RawStream() { Finish(); }
  RawStream(const RawStream&) = delete;
  RawStream& operator=(const RawStream&) = delete;

  void WriteLast(const std::string& message) {
    const grpc::Slice slice(message);
    call_->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), this);
    Wait();
  }
  // Nothing at the stream's end.
  std::optional<std::string> Read() {
    grpc::ByteBuffer buffer;
    call_->Read(&buffer, this);
    ended_ = !Wait();
    std::vector<grpc::Slice> slices;
    if (ended_ || !buffer.Dump(&slices).ok()) return std::nullopt;
    std::string message;
    for (const grpc::Slice& slice : slices) {
      message.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
    return message;
  }
  // Gives the call up when it has not ended.
  grpc::Status Finish() {
    if (std::exchange(finished_, true)) return status_;
    if (!ended_) context_.TryCancel();
    call_->Finish(&status_, this);
    Wait();
    return status_;
  }

 private:
  bool Wait() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
  grpc::Status status_;
  bool ended_ = false;
  bool finished_ = false;
};

// What a tool such as grpcurl does: it knows none of our messages, asks the server's reflection
// service (grpc.reflection.v1alpha) for the descriptors, and speaks JSON with its user.
class ReflectionClient {
 public:
  explicit ReflectionClient(std::shared_ptr<grpc::Channel> channel) : stub_(std::move(channel)) {}

  // Null when the server knows no such service, or not every file that it needs.
  const google::protobuf::ServiceDescriptor* FindService(const std::string& name) {
    // ServerReflectionRequest.file_containing_symbol is field 4, and so is the response's
    // file_descriptor_response, whose field 1 are the files.
    google::protobuf::UnknownFieldSet request;
    request.AddLengthDelimited(4, name);
    std::string bytes;
    request.SerializeToString(&bytes);
    RawStream stream(stub_, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo");
    stream.WriteLast(bytes);
    for (const std::string& files : FieldsOf(stream.Read().value_or(""), 4)) {
      for (const std::string& file : FieldsOf(files, 1)) {
        Add(file);
      }
    }
    return pool_.FindServiceByName(name);
  }

  // Calls a method with one message, given as JSON. Null: that JSON is not its request.
  std::unique_ptr<RawStream> Call(const google::protobuf::MethodDescriptor& method,
                                  const std::string& json) {
    const auto request = New(*method.input_type());
    if (!google::protobuf::util::JsonStringToMessage(json, request.get()).ok()) return nullptr;
    auto stream = std::make_unique<RawStream>(
        stub_, absl::StrCat("/", method.service()->full_name(), "/", method.name()));
    stream->WriteLast(request->SerializeAsString());
    return stream;
  }

  // A message of the method's answer that was read, as JSON; empty: it is none.
  std::string AnswerAsJson(const google::protobuf::MethodDescriptor& method,
                           const std::string& bytes) {
    const auto answer = New(*method.output_type());
    std::string json;
    google::protobuf::util::JsonPrintOptions options;
    options.preserve_proto_field_names = true;
    if (!answer->ParseFromString(bytes) ||
        !google::protobuf::util::MessageToJsonString(*answer, &json, options).ok()) {
      return "";
    }
    return json;
  }

 private:
  // Files that several services need come several times.
  void Add(const std::string& file) {
    google::protobuf::FileDescriptorProto descriptor;
    google::protobuf::FileDescriptorProto known;
    if (!descriptor.ParseFromString(file)) return;
    if (!database_.FindFileByName(descriptor.name(), &known)) database_.Add(descriptor);
  }
  std::unique_ptr<google::protobuf::Message> New(const google::protobuf::Descriptor& type) {
    return std::unique_ptr<google::protobuf::Message>(factory_.GetPrototype(&type)->New());
  }
  static std::vector<std::string> FieldsOf(const std::string& bytes, int number) {
    google::protobuf::UnknownFieldSet fields;
    std::vector<std::string> found;
    if (!fields.ParseFromString(bytes)) return found;
    for (int i = 0; i < fields.field_count(); ++i) {
      const google::protobuf::UnknownField& field = fields.field(i);
      if (field.number() == number &&
          field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED) {
        found.push_back(field.length_delimited());
      }
    }
    return found;
  }

  grpc::GenericStub stub_;
  google::protobuf::SimpleDescriptorDatabase database_;
  google::protobuf::DescriptorPool pool_{&database_};
  google::protobuf::DynamicMessageFactory factory_{&pool_};
};

}  // namespace tinyjoule

#endif  // TESTS_SUPPORT_REFLECTION_CLIENT_H_
