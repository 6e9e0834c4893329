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

    /// <summary>A small model that uses every way of storing values that ONNX has, and a graph inside a node.</summary>
    /// <param name="externalFile">The name of a file of 256 bytes or more beside it.</param>
    public static byte[] Small(string externalFile)
    {
        GraphProto graph = new() { Name = "small" };
        graph.Input.Add(new ValueInfoProto { Name = "x" });
        graph.Output.Add(new ValueInfoProto { Name = "y" });
        graph.Initializer.Add(Tensor("onnx::MatMul_1", 1, [4, 8], tensor => tensor.RawData = ByteString.CopyFrom(new byte[128])));
        graph.Initializer.Add(Tensor("a.weight", 1, [8, 8], tensor => AddExternal(tensor, externalFile, 256)));
        graph.Initializer.Add(Tensor("b.weight", 1, [2], tensor => tensor.FloatData.AddRange([1f, 2f])));
        graph.Initializer.Add(Tensor("c.weight", 10, [2], tensor => tensor.Int32Data.AddRange([15360, 16384])));
        graph.Initializer.Add(Tensor("d", 7, [3], tensor => tensor.Int64Data.AddRange([1L, -2L, 3L])));
        graph.Initializer.Add(Tensor("e", 11, [1], tensor => tensor.DoubleData.Add(0.5)));
        graph.Initializer.Add(Tensor("f", 8, [1], tensor => tensor.StringData.Add(ByteString.CopyFromUtf8("text"))));
        graph.Node.Add(Node("MatMul", "/a/MatMul", ["x", "onnx::MatMul_1"], "h"));
        graph.Node.Add(Node("Gemm", "/b/Gemm", ["h", "a.weight"], "y"));
        graph.Node[1].Attribute.Add(new AttributeProto { Name = "transB", I = 1, Type = AttributeProto.Types.AttributeType.Int });
        GraphProto inner = new() { Name = "inner" };
        inner.Node.Add(Node("Identity", "i", ["b.weight"], "z"));
        inner.Output.Add(new ValueInfoProto { Name = "z" });
        NodeProto branch = Node("If", "/if", ["d"], "unused");
        branch.Attribute.Add(new AttributeProto { Name = "then_branch", G = inner, Type = AttributeProto.Types.AttributeType.Graph });
        graph.Node.Add(branch);
        ModelProto model = new() { IrVersion = 8, Graph = graph };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = 17 });
        model.MetadataProps.Add(new StringStringEntryProto { Key = "modality", Value = "image" });
        return model.ToByteArray();
    }

    /// <summary>Moves the values of a tensor to a file beside the model.</summary>
    public static void AddExternal(TensorProto tensor, string location, long length, long offset = 0)
    {
        tensor.RawData = ByteString.Empty;
        tensor.DataLocation = TensorProto.Types.DataLocation.External;
        foreach ((string key, string value) in new[] { ("location", location), ("offset", $"{offset}"), ("length", $"{length}") })
            tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
    }

    private static TensorProto Tensor(string name, int type, long[] shape, Action<TensorProto> fill)
    {
        TensorProto tensor = new() { Name = name, DataType = type };
        tensor.Dims.AddRange(shape);
        fill(tensor);
        return tensor;
    }

    private static NodeProto Node(string type, string name, string[] inputs, string output)
    {
        NodeProto node = new() { OpType = type, Name = name };
        node.Input.AddRange(inputs);
        node.Output.Add(output);
        return node;
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
