using System.Text;
using Google.Protobuf;
using Onnx;

namespace ArrowQuant.TestKit;

/// <summary>
/// The sample models as PyTorch exported them to ONNX. The repository has their graphs (tests/data/onnx) with names of tensors of
/// model.safetensors where the weights were; read and written with a protobuf library, on purpose independent of the library's own code.
/// </summary>
public static class OnnxModels
{
    private const string TransposedMark = "^T";

    /// <summary>Writes a sample as the ONNX file that was exported, byte for byte.</summary>
    /// <returns>The path.</returns>
    public static string Write(string sample, string path)
    {
        Load(sample).WriteTo(path);
        return path;
    }

    /// <summary>A sample as it was exported.</summary>
    public static ModelProto Load(string sample)
    {
        Dictionary<string, RawTensor> weights = WeightFile.ReadRaw(RepositoryPaths.SampleFile(sample, "model.safetensors")).Tensors
            .ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        string graph = Path.Combine(RepositoryPaths.Root, "tests", "data", "onnx", sample + ".onnx");
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(graph));
        foreach (TensorProto tensor in model.Graph.Initializer)
        {
            if (tensor.RawData.Length == 0 || tensor.RawData[0] != (byte)'@') continue;
            string name = Encoding.UTF8.GetString(tensor.RawData.Span[1..]);
            bool isTransposed = name.EndsWith(TransposedMark, StringComparison.Ordinal);
            RawTensor weight = weights[isTransposed ? name[..^TransposedMark.Length] : name];
            tensor.RawData = ByteString.CopyFrom(isTransposed ? Transpose(weight) : weight.Data);
        }

        return model;
    }

    /// <summary>Writes a model.</summary>
    public static void WriteTo(this ModelProto model, string path)
    {
        using FileStream file = File.Create(path);
        Google.Protobuf.MessageExtensions.WriteTo(model, file);
    }

    private static byte[] Transpose(RawTensor weight)
    {
        int rows = (int)weight.Shape[0];
        int columns = (int)weight.Shape[1];
        byte[] turned = new byte[weight.Data.Length];
        for (int r = 0; r < rows; r++)
        {
            for (int c = 0; c < columns; c++) weight.Data.AsSpan(4 * (r * columns + c), 4).CopyTo(turned.AsSpan(4 * (c * rows + r)));
        }

        return turned;
    }
}
