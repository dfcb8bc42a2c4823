// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/file_system.h"
#include "common/onnx/half_float.h"
#include "common/onnx/onnx_graph.h"
#include "common/onnx/tensor_data.h"
#include "tests/contract/engines_under_test.h"

// ONNX's own operator tests (Debian package libonnx-testdata): every test whose operators TinyJoule
// claims to know, on every engine. Our engines take one float32 input and give one float32 output,
// so each test is run once for each of its inputs, the others as constants, and once for each of
// its outputs; elements of other types pass through a Cast.

namespace tinyjoule {
namespace {

constexpr char kFolder[] = "/usr/share/libonnx-testdata/data/node";

constexpr char kElementType[] = "an element type that no model of ours has (see ElementType)";
constexpr char kTraining[] = "training, not inference";
constexpr char kSecondOutput[] = "an optional second output that inference does not need";
constexpr char kIntegerPower[] = "Pow of an integer base";
constexpr char kNoInput[] = "no input: the constant is folded at load";
constexpr char kNoTensor[] = "a sequence or optional in the place of a tensor";
constexpr char kOldSet[] = "written for an operator set before 13";

// Tests of claimed operators that we do not run, each with its reason. One that runs after all is
// reported, so that this list stays true.
const std::map<std::string, std::string>& Excluded() {
  static const auto* const excluded = new std::map<std::string, std::string>{
      {"test_batchnorm_epsilon_training_mode", kTraining},
      {"test_batchnorm_example_training_mode", kTraining},
      {"test_cast_BFLOAT16_to_FLOAT", kElementType},
      {"test_cast_DOUBLE_to_FLOAT16", kElementType},
      {"test_cast_DOUBLE_to_FLOAT", kElementType},
      {"test_cast_FLOAT16_to_DOUBLE", kElementType},
      {"test_cast_FLOAT_to_BFLOAT16", kElementType},
      {"test_cast_FLOAT_to_DOUBLE", kElementType},
      {"test_cast_FLOAT_to_STRING", kElementType},
      {"test_cast_STRING_to_FLOAT", kElementType},
      {"test_castlike_BFLOAT16_to_FLOAT_expanded", kElementType},
      {"test_castlike_DOUBLE_to_FLOAT16_expanded", kElementType},
      {"test_castlike_DOUBLE_to_FLOAT_expanded", kElementType},
      {"test_castlike_FLOAT16_to_DOUBLE_expanded", kElementType},
      {"test_castlike_FLOAT_to_BFLOAT16_expanded", kElementType},
      {"test_castlike_FLOAT_to_DOUBLE_expanded", kElementType},
      {"test_castlike_FLOAT_to_STRING_expanded", kElementType},
      {"test_castlike_STRING_to_FLOAT_expanded", kElementType},
      {"test_constant", kNoInput},
      {"test_dropout_default_mask", kSecondOutput},
      {"test_dropout_default_mask_ratio", kSecondOutput},
      {"test_dropout_random_old", kOldSet},
      {"test_identity_opt", kNoTensor},
      {"test_identity_sequence", kNoTensor},
      {"test_max_float16", kElementType},
      {"test_max_float64", kElementType},
      {"test_max_int16", kElementType},
      {"test_max_uint16", kElementType},
      {"test_max_uint32", kElementType},
      {"test_max_uint64", kElementType},
      {"test_maxpool_with_argmax_2d_precomputed_pads", kSecondOutput},
      {"test_maxpool_with_argmax_2d_precomputed_strides", kSecondOutput},
      {"test_min_float16", kElementType},
      {"test_min_float64", kElementType},
      {"test_min_int16", kElementType},
      {"test_min_uint16", kElementType},
      {"test_min_uint32", kElementType},
      {"test_min_uint64", kElementType},
      {"test_pow_types_float32_uint32", kElementType},
      {"test_pow_types_float32_uint64", kElementType},
      {"test_pow_types_float", kIntegerPower},
      {"test_pow_types_int32_float32", kIntegerPower},
      {"test_pow_types_int32_int32", kIntegerPower},
      {"test_pow_types_int64_float32", kIntegerPower},
      {"test_pow_types_int64_int64", kIntegerPower},
      {"test_training_dropout", kTraining},
      {"test_training_dropout_default", kTraining},
      {"test_training_dropout_default_mask", kTraining},
      {"test_training_dropout_mask", kTraining},
      {"test_training_dropout_zero_ratio", kTraining},
      {"test_training_dropout_zero_ratio_mask", kTraining},
  };
  return *excluded;
}

struct OperatorTest {
  std::string name;
  onnx::ModelProto model;
  std::vector<onnx::TensorProto> inputs;
  std::vector<onnx::TensorProto> outputs;
};

template <typename Proto>
std::optional<Proto> Read(const std::string& path) {
  PosixFileSystem files;
  const absl::StatusOr<std::string> bytes = files.ReadFile(path);
  Proto proto;
  if (!bytes.ok() || !proto.ParseFromString(*bytes)) return std::nullopt;
  return proto;
}

std::vector<onnx::TensorProto> ReadTensors(const std::string& folder, const std::string& kind) {
  std::vector<onnx::TensorProto> tensors;
  while (const auto tensor = Read<onnx::TensorProto>(
             absl::StrCat(folder, "/test_data_set_0/", kind, "_", tensors.size(), ".pb"))) {
    tensors.push_back(*tensor);
  }
  return tensors;
}

bool UsesOnlyKnownOperators(const onnx::ModelProto& model) {
  const std::vector<std::string>& known = KnownOperators();
  return std::all_of(model.graph().node().begin(), model.graph().node().end(),
                     [&](const onnx::NodeProto& node) {
                       return std::binary_search(known.begin(), known.end(), node.op_type());
                     });
}

std::vector<OperatorTest> FindTests() {
  PosixFileSystem files;
  const absl::StatusOr<std::vector<std::string>> names = files.ListFolder(kFolder);
  std::vector<OperatorTest> tests;
  if (!names.ok()) return tests;
  for (const std::string& name : *names) {
    const std::string folder = JoinPath(kFolder, name);
    const auto model = Read<onnx::ModelProto>(folder + "/model.onnx");
    if (!model.has_value() || !UsesOnlyKnownOperators(*model)) continue;
    tests.push_back({name, *model, ReadTensors(folder, "input"), ReadTensors(folder, "output")});
  }
  return tests;
}

std::optional<std::vector<float>> AsFloats(const onnx::TensorProto& tensor) {
  const absl::StatusOr<ElementType> type = ElementTypeOf(tensor.data_type());
  const absl::StatusOr<std::vector<uint8_t>> bytes = TensorBytes(tensor);
  if (!type.ok() || !bytes.ok()) return std::nullopt;
  std::vector<float> values;
  for (size_t i = 0; i < bytes->size(); i += ElementSize(*type)) {
    const uint8_t* const element = bytes->data() + i;
    const auto append = [&](auto value) {
      std::memcpy(&value, element, sizeof(value));
      values.push_back(static_cast<float>(value));
    };
    if (*type == ElementType::kFloat) append(float{});
    if (*type == ElementType::kInt8) append(int8_t{});
    if (*type == ElementType::kUint8 || *type == ElementType::kBool) append(uint8_t{});
    if (*type == ElementType::kInt32) append(int32_t{});
    if (*type == ElementType::kInt64) append(int64_t{});
    if (*type == ElementType::kFloat16) append(HalfFloat{});
  }
  return values;
}

void AddCast(const std::string& from, const std::string& to, int type, onnx::NodeProto* node) {
  node->set_op_type("Cast");
  node->set_name("cast_" + to);
  node->add_input(from);
  node->add_output(to);
  onnx::AttributeProto* attribute = node->add_attribute();
  attribute->set_name("to");
  attribute->set_type(onnx::AttributeProto::INT);
  attribute->set_i(type);
}

// The test's model with input `dynamic` as the only input and output `wanted` as the only output.
onnx::ModelProto OneToOne(const OperatorTest& test, int dynamic, int wanted) {
  onnx::ModelProto model = test.model;
  onnx::OperatorSetIdProto* opset = model.mutable_opset_import(0);
  // The operators at hand did not change between their test's set and the first that we read.
  opset->set_version(std::max<int64_t>(opset->version(), 13));
  onnx::GraphProto* graph = model.mutable_graph();
  const auto inputs = graph->input();
  graph->clear_input();
  for (int i = 0; i < inputs.size(); ++i) {
    if (i != dynamic) {
      *graph->add_initializer() = test.inputs[static_cast<size_t>(i)];
      graph->mutable_initializer(graph->initializer_size() - 1)->set_name(inputs[i].name());
      continue;
    }
    onnx::ValueInfoProto* input = graph->add_input();
    *input = inputs[i];
    const int type = input->type().tensor_type().elem_type();
    if (type == onnx::TensorProto::FLOAT) continue;
    input->set_name("float_input");
    input->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
    AddCast("float_input", inputs[i].name(), type, graph->add_node());
  }
  onnx::ValueInfoProto output = graph->output(wanted);
  graph->clear_output();
  if (output.type().tensor_type().elem_type() != onnx::TensorProto::FLOAT) {
    AddCast(output.name(), "float_output", onnx::TensorProto::FLOAT, graph->add_node());
    output.set_name("float_output");
  }
  *graph->add_output() = output;
  return model;
}

// OK when the engine's result is the published one; Unimplemented when it does not run the model;
// Internal when the results differ.
absl::Status RunTest(const OperatorTest& test, const EngineUnderTest& under_test, int dynamic,
                     int wanted) {
  const auto engine = MakeEngineUnderTest(under_test.kind, 1, OneToOne(test, dynamic, wanted));
  if (!engine.ok()) return engine.status();
  const auto input = AsFloats(test.inputs[static_cast<size_t>(dynamic)]);
  const auto expected = AsFloats(test.outputs[static_cast<size_t>(wanted)]);
  if (!input.has_value() || !expected.has_value()) return absl::UnimplementedError("element type");
  std::vector<float> actual(static_cast<size_t>(ElementCount((*engine)->output_shape())), NAN);
  const auto& dims = test.outputs[static_cast<size_t>(wanted)].dims();
  if ((*engine)->output_shape() != Shape(dims.begin(), dims.end())) {
    return absl::InternalError(absl::StrCat("shape ", ShapeText((*engine)->output_shape())));
  }
  (*engine)->Run(input->data(), actual.data());
  for (size_t i = 0; i < actual.size(); ++i) {
    const float difference = std::fabs(actual[i] - (*expected)[i]);
    // Not <=, so that NaN counts as different, unless it is what was published.
    const bool both_nan = std::isnan(actual[i]) && std::isnan((*expected)[i]);
    if (!both_nan && actual[i] != (*expected)[i] &&
        !(difference <= under_test.tolerance * (1 + 10 * std::fabs((*expected)[i])))) {
      return absl::InternalError(
          absl::StrCat("element ", i, " is ", actual[i], ", published is ", (*expected)[i]));
    }
  }
  return absl::OkStatus();
}

// How the variants of a test went: OK when at least one ran and none was wrong.
absl::Status RunVariants(const OperatorTest& test, const EngineUnderTest& engine) {
  absl::Status status = absl::UnimplementedError("no input");
  bool ran = false;
  for (size_t dynamic = 0; dynamic < test.inputs.size(); ++dynamic) {
    for (int wanted = 0; wanted < test.model.graph().output_size(); ++wanted) {
      const absl::Status variant = RunTest(test, engine, static_cast<int>(dynamic), wanted);
      ran = ran || variant.ok();
      if (variant.code() == absl::StatusCode::kInternal) return variant;
      if (!variant.ok() && !ran) status = variant;
    }
  }
  return ran ? absl::OkStatus() : status;
}

class OnnxOperatorTest : public ::testing::TestWithParam<EngineUnderTest> {
 protected:
  void SetUp() override {
    tests_ = FindTests();
    if (tests_.empty()) {
      GTEST_SKIP() << "no ONNX operator tests in " << kFolder
                   << "; install the package libonnx-testdata";
    }
  }
  std::vector<OperatorTest> tests_;
};

INSTANTIATE_TEST_SUITE_P(Engines, OnnxOperatorTest, ::testing::ValuesIn(EnginesUnderTest()),
                         [](const auto& engine) { return v1::Engine_Name(engine.param.kind); });

// What an engine runs must be right; what it does not run it must refuse as Unimplemented. The
// reference engine runs everything.
TEST_P(OnnxOperatorTest, GivesWhatOnnxPublishedOrRefuses) {
  const bool runs_all = GetParam().kind == v1::ENGINE_REFERENCE;
  std::set<std::string> operators;
  int passed = 0;
  int refused = 0;
  for (const OperatorTest& test : tests_) {
    const absl::Status status = RunVariants(test, GetParam());
    const bool excluded = Excluded().count(test.name) > 0;
    if (runs_all && excluded) {
      EXPECT_FALSE(status.ok()) << test.name
                                << " runs; it is excluded: " << Excluded().at(test.name);
    }
    if (!status.ok()) {
      ++refused;
      EXPECT_TRUE(excluded || (!runs_all && absl::IsUnimplemented(status)))
          << test.name << ": " << status;
      continue;
    }
    ++passed;
    for (const onnx::NodeProto& node : test.model.graph().node()) operators.insert(node.op_type());
  }
  std::printf("%s: %d operator tests passed, %d refused\n",
              v1::Engine_Name(GetParam().kind).c_str(), passed, refused);
  EXPECT_GE(passed, GetParam().passed_tests);
  for (const std::string& op_type : GetParam().operators) {
    EXPECT_EQ(operators.count(op_type), 1u) << op_type << " is claimed and not tested";
  }
}

}  // namespace
}  // namespace tinyjoule
