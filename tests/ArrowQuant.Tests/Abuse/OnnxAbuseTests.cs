using ArrowQuant.Errors;
using ArrowQuant.Sources;
using ArrowQuant.TestKit;
using Google.Protobuf;

namespace ArrowQuant.Tests.Abuse;

/// <summary>ONNX files that a fuzzer made and that did what they must not.</summary>
public sealed class OnnxAbuseTests
{
    /// <summary>A shape whose elements can be counted in 63 bits and whose bytes cannot.</summary>
    [Fact]
    public void Open_ShapeWithMoreBytesThanCanBeCounted_IsRefused()
    {
        using TempFolder folder = new();
        global::Onnx.ModelProto model = global::Onnx.ModelProto.Parser.ParseFrom(OnnxModels.Small("weights.bin"));
        global::Onnx.TensorProto tensor = model.Graph.Initializer.First(
            initializer => initializer.DataType == (int)global::Onnx.TensorProto.Types.DataType.Float);
        tensor.Dims.Clear();
        tensor.Dims.Add(1L << 62);
        File.WriteAllBytes(folder.PathOf("weights.bin"), new byte[256]);
        string path = folder.PathOf("model.onnx");
        File.WriteAllBytes(path, model.ToByteArray());

        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ModelSource.Open(path));

        Assert.Equal(
            $"{path}: tensor '{tensor.Name}': float32 [4611686018427387904] has more bytes than 63 bits can count", e.Message);
    }
}
