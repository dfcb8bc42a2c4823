// SPDX-FileCopyrightText: 2026 The TinyJoule Authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/runner/torch/torch_compiler.h"

#include <torch/version.h>

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "agent/runner/torch/torch_border.h"
#include "common/base/status.h"

namespace tinyjoule {
namespace {

at::ScalarType TorchTypeOf(ElementType type) {
  constexpr at::ScalarType kTypes[] = {at::kFloat, at::kChar, at::kByte, at::kInt,
                                       at::kLong,  at::kBool, at::kHalf};
  return kTypes[static_cast<size_t>(type)];
}

at::Tensor ConstantTensor(const GraphValue& value) {
  // from_blob takes no const pointer; clone() makes the only copy that is written to.
  return at::from_blob(const_cast<uint8_t*>(value.data.data()), value.shape,
                       TorchTypeOf(value.type))
      .clone();
}

class TorchCompiler {
 public:
  TorchCompiler(const OnnxGraph& graph, std::optional<at::QEngine> int8_engine,
                TorchProgram* program)
      : graph_(graph),
        int8_engine_(int8_engine),
        program_(*program),
        constant_(graph.values().size(), false),
        read_(graph.values().size(), false),
        folded_(graph.nodes().size(), false),
        place_(graph.values().size()),
        quantization_(graph.values().size()) {}

  absl::Status Compile() {
    TJ_RETURN_IF_ERROR(Guarded([&]() -> absl::Status { return PlaceValues(); }));
    for (size_t i = 0; i < graph_.nodes().size(); ++i) {
      if (folded_[i]) continue;
      const GraphNode& node = graph_.nodes()[i];
      const absl::Status added = Guarded([&]() -> absl::Status { return AddNode(node); });
      if (!added.ok()) return Annotate(added, node.Describe());
    }
    TJ_RETURN_IF_ERROR(Guarded([&]() -> absl::Status {
      program_.output = PlainPlace(graph_.output());
      return absl::OkStatus();
    }));
    FreeUnreadConstants();
    program_.version = Version();
    return absl::OkStatus();
  }

 private:
  static size_t Index(int value) { return static_cast<size_t>(value); }

  absl::Status PlaceValues() {
    TJ_ASSIGN_OR_RETURN(program_.input_coding, InputCodingOf(graph_));
    TJ_ASSIGN_OR_RETURN(program_.output_coding, OutputCodingOf(graph_));
    program_.input_shape = graph_.value(graph_.input()).shape;
    program_.output_shape = graph_.value(graph_.output()).shape;
    program_.values.resize(graph_.values().size());
    program_.plain.resize(graph_.values().size());
    for (size_t i = 0; i < place_.size(); ++i) {
      place_[i] = i;
      if (!graph_.values()[i].constant) continue;
      program_.values[i] = ConstantTensor(graph_.values()[i]);
      constant_[i] = true;
    }
    program_.input = at::zeros(program_.input_shape, TorchTypeOf(program_.input_coding.type));
    program_.values[Index(graph_.input())] = program_.input;
    return absl::OkStatus();
  }

  absl::Status AddNode(const GraphNode& node) {
    if (int8_engine_.has_value()) {
      if (AddQuantize(node) || AddDequantize(node) || AddMove(node)) return absl::OkStatus();
      if (AddInt8Layer(node)) return absl::OkStatus();
    }
    float_layers_ += HasQuantizedWeights(graph_, node);
    return AddPlain(node);
  }

  // Runs the step once, so that whatever LibTorch has against it is said now.
  void AddStep(TorchStep step) {
    step();
    program_.steps.push_back(std::move(step));
  }

  at::Tensor& Place(int value) { return program_.values[place_[Index(value)]]; }
  bool IsQuantized(int value) const { return quantization_[place_[Index(value)]].has_value(); }
  bool IsReal(int value) const { return graph_.value(value).type == ElementType::kFloat; }

  // The other value under a second name.
  void Alias(int value, int other) { place_[Index(value)] = place_[Index(other)]; }

  // Where the elements lie as the graph's type says.
  const at::Tensor* PlainPlace(int value) {
    read_[place_[Index(value)]] = true;
    const at::Tensor& quantized = Place(value);
    if (!IsQuantized(value)) return &quantized;
    at::Tensor& plain = program_.plain[Index(value)];
    if (plain.defined()) return &plain;
    if (IsReal(value)) {
      AddStep([&quantized, &plain] { plain = at::dequantize(quantized); });
    } else if (graph_.value(value).type == ElementType::kUint8) {
      AddStep([&quantized, &plain] { plain = at::int_repr(quantized); });
    } else {
      AddStep([&quantized, &plain] {
        plain = (at::int_repr(quantized).to(at::kShort) - 128).to(at::kChar);
      });
    }
    return &plain;
  }

  bool AddQuantize(const GraphNode& node) {
    if (node.op_type != "QuantizeLinear") return false;
    const auto quantization = ActivationQuantizationOf(graph_, node);
    if (!quantization.has_value() || constant_[Index(node.inputs[0])]) return false;
    const int result = node.outputs[0];
    if (quantization_[place_[Index(node.inputs[0])]] == quantization) {
      // Dequantised, moved, quantised again: the same steps.
      Alias(result, node.inputs[0]);
      return true;
    }
    const at::Tensor& in = *PlainPlace(node.inputs[0]);
    AddStep([&in, &out = Place(result), scale = static_cast<double>(quantization->scale),
             zero_point = UnsignedZeroPoint(*quantization)] {
      out = at::quantize_per_tensor(in, scale, zero_point, at::kQUInt8);
    });
    quantization_[Index(result)] = quantization;
    return true;
  }

  bool AddDequantize(const GraphNode& node) {
    if (node.op_type != "DequantizeLinear") return false;
    const auto quantization = ActivationQuantizationOf(graph_, node);
    if (!quantization.has_value()) return false;
    if (quantization_[place_[Index(node.inputs[0])]] != quantization) return false;
    Alias(node.outputs[0], node.inputs[0]);
    return true;
  }

  // Operators that move quantised elements or choose among them give the same steps as on reals.
  bool AddMove(const GraphNode& node) {
    static const auto* const moves = new std::vector<std::string>{
        "Dropout", "Flatten", "Identity", "Relu", "Reshape", "Squeeze", "Transpose", "Unsqueeze"};
    const bool is_move = absl::c_linear_search(*moves, node.op_type) || IsPlainMaxPool(node);
    if (!is_move || !IsQuantized(node.inputs[0]) || !IsReal(node.inputs[0])) return false;
    absl::StatusOr<TorchStep> step = MakeTorchStep(Bind(
        node, [&](int value) { return IsQuantized(value) ? &Place(value) : PlainPlace(value); }));
    if (!step.ok()) return false;
    AddStep(*std::move(step));
    quantization_[Index(node.outputs[0])] = quantization_[place_[Index(node.inputs[0])]];
    return true;
  }

  // The form that LibTorch has over quantised pictures.
  bool IsPlainMaxPool(const GraphNode& node) const {
    return node.op_type == "MaxPool" && graph_.value(node.inputs[0]).shape.size() == 4 &&
           absl::c_all_of(node.Ints("pads", {}), [](int64_t pad) { return pad == 0; }) &&
           node.String("auto_pad", "NOTSET") == "NOTSET" && node.Int("ceil_mode", 0) == 0;
  }

  bool AddInt8Layer(const GraphNode& node) {
    const std::optional<QuantizedLayer> layer = QuantizedLayerAt(graph_, node);
    if (!layer.has_value() || !IsQuantized(node.inputs[0]) || !IsReal(node.inputs[0]) ||
        (layer->bias >= 0 && !constant_[Index(layer->bias)])) {
      return false;
    }
    const at::Tensor bias = layer->bias < 0 ? at::Tensor() : Place(layer->bias);
    const int result = layer->quantize->outputs[0];
    // LibTorch's int8 takes less than ONNX may ask; what it refuses runs in float32.
    const absl::Status added = Guarded([&]() -> absl::Status {
      AddStep(MakeQuantizedLayerStep(*layer, Place(layer->weights), bias, Place(node.inputs[0]),
                                     Place(result)));
      return absl::OkStatus();
    });
    if (!added.ok()) return false;
    quantization_[Index(result)] = layer->output;
    for (const GraphNode* folded : {layer->relu, layer->quantize}) {
      if (folded != nullptr) folded_[static_cast<size_t>(folded - graph_.nodes().data())] = true;
    }
    ++int8_layers_;
    return true;
  }

  template <typename PlaceOf>
  TorchOperands Bind(const GraphNode& node, PlaceOf place_of) {
    TorchOperands operands;
    operands.shapes.node = &node;
    for (const int input : node.inputs) {
      operands.shapes.inputs.push_back(input < 0 ? nullptr : &graph_.value(input));
      operands.inputs.push_back(input < 0 ? nullptr : place_of(input));
      operands.constant.push_back(input >= 0 && constant_[Index(input)]);
    }
    for (const int output : node.outputs) {
      // The operators only read what is known of the outputs.
      operands.shapes.outputs.push_back(
          output < 0 ? nullptr : const_cast<GraphValue*>(&graph_.value(output)));
      operands.outputs.push_back(output < 0 ? nullptr : &Place(output));
    }
    return operands;
  }

  // As the graph says; once and for all when every input is a constant.
  absl::Status AddPlain(const GraphNode& node) {
    const bool is_constant = absl::c_all_of(
        node.inputs, [&](int input) { return input < 0 || constant_[Index(input)]; });
    const auto place_of = [&](int value) {
      return is_constant ? &Place(value) : PlainPlace(value);
    };
    TJ_ASSIGN_OR_RETURN(TorchStep step, MakeTorchStep(Bind(node, place_of)));
    step();
    TJ_RETURN_IF_ERROR(CheckResults(node));
    if (!is_constant) program_.steps.push_back(std::move(step));
    for (const int output : node.outputs) {
      if (output >= 0) constant_[Index(output)] = is_constant;
    }
    return absl::OkStatus();
  }

  absl::Status CheckResults(const GraphNode& node) {
    for (const int output : node.outputs) {
      if (output < 0) continue;
      const at::Tensor& result = Place(output);
      const GraphValue& value = graph_.value(output);
      if (result.sizes() != at::IntArrayRef(value.shape) ||
          result.scalar_type() != TorchTypeOf(value.type)) {
        return absl::UnimplementedError(
            absl::StrCat("LibTorch gives ", ShapeText(result.sizes().vec()), " where ONNX has ",
                         ShapeText(value.shape), " of ", ElementTypeName(value.type)));
      }
    }
    return absl::OkStatus();
  }

  // Int8 weights that are packed, and all that is folded into other constants.
  void FreeUnreadConstants() {
    for (size_t i = 0; i < constant_.size(); ++i) {
      if (constant_[i] && !read_[i]) program_.values[i] = at::Tensor();
    }
  }

  std::string Version() const {
    std::string version = absl::StrCat("torch ", TORCH_VERSION);
    if (int8_layers_ + float_layers_ == 0) return version;
    const std::string engine =
        int8_layers_ > 0 ? absl::StrCat(" by ", absl::AsciiStrToLower(at::toString(*int8_engine_)))
                         : "";
    absl::StrAppend(&version, " (int8 layers: ", int8_layers_, " in int8", engine, ", ",
                    float_layers_, " dequantised)");
    return version;
  }

  const OnnxGraph& graph_;
  const std::optional<at::QEngine> int8_engine_;
  TorchProgram& program_;
  // By value: known before the first inference; read by a step.
  std::vector<bool> constant_;
  std::vector<bool> read_;
  // By node: done as a part of an earlier one.
  std::vector<bool> folded_;
  // By value: the index of the tensor in program_.values.
  std::vector<size_t> place_;
  // By place: the tensor is a quantised one, which stands for the steps and for the reals.
  std::vector<std::optional<ActivationQuantization>> quantization_;
  int int8_layers_ = 0;
  int float_layers_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TorchProgram>> CompileForTorch(
    const OnnxGraph& graph, std::optional<at::QEngine> int8_engine) {
  auto program = std::make_unique<TorchProgram>();
  TJ_RETURN_IF_ERROR(TorchCompiler(graph, int8_engine, program.get()).Compile());
  return program;
}

}  // namespace tinyjoule
