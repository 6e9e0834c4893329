using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Sources;
using ArrowQuant.Tensors;
using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.Sources.Onnx;

public sealed class OnnxSourceTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void Load_GraphAndWeightsOfTheRepository_PredictsTheReferenceOutputs()
    {
        Dictionary<string, (long[] Shape, float[] Values)> reference =
            WeightFile.Read(RepositoryPaths.SampleFile("dit-digits", "reference.safetensors"));
        int[] labels = [.. reference["eps.labels"].Values.Select(label => (int)label)];
        int timestep = (int)reference["eps.timesteps"].Values[0];
        using OnnxNoisePredictor model = new(OnnxModels.Write("dit-digits", _folder.PathOf("model.onnx")));
        float[] noise = new float[64 * labels.Length];

        model.Predict(reference[$"eps.x_t.{timestep}"].Values, timestep, labels, noise);

        float[] expected = reference[$"eps.output.{timestep}"].Values;
        Assert.InRange(expected.Zip(noise, (a, b) => Math.Abs(a - b)).Max(), 0, 1e-4);
    }

    [Fact]
    public void Open_DitDigits_GivesTheWeightsOfTheSafeTensorsFileUnderItsNames()
    {
        using IModelSource onnx = ModelSource.Open(OnnxModels.Write("dit-digits", _folder.PathOf("model.onnx")));
        using IModelSource reference = ModelSource.Open(RepositoryPaths.SampleFile("dit-digits", "model.safetensors"));

        // norm1 stands for eight norms without weights of their own.
        Assert.Equal(54, onnx.Tensors.Count);
        Assert.Equal(["blocks.0.norm1.bias", "blocks.0.norm1.weight"],
            onnx.Tensors.Select(t => t.Name).Except(reference.Tensors.Select(t => t.Name)).Order(StringComparer.Ordinal));
        foreach (TensorInfo tensor in onnx.Tensors.Where(t => !t.Name.Contains("norm1", StringComparison.Ordinal)))
        {
            TensorInfo original = reference.Tensors.Single(t => t.Name == tensor.Name);
            bool isTurned = tensor.Role!.RowAxis == 1;
            Assert.Equal(MatrixView.Of(original.Shape), MatrixView.Of(tensor.Shape, tensor.Role.RowAxis) with { RowAxis = 0 });
            Assert.Equal(isTurned, tensor.Name.Contains("attn", StringComparison.Ordinal) && tensor.Name.EndsWith("weight",
                StringComparison.Ordinal)
                || tensor.Name.Contains("mlp.fc", StringComparison.Ordinal) && tensor.Name.EndsWith("weight", StringComparison.Ordinal)
                || tensor.Name == "final_layer.linear.weight");
            var view = MatrixView.Of(tensor.Shape, tensor.Role.RowAxis);
            byte[] rows = new byte[tensor.ByteLength];
            new MatrixReader(onnx, tensor, view).ReadRows(0, (int)view.Rows, rows);
            byte[] expected = new byte[original.ByteLength];
            reference.Read(original, 0, expected);
            Assert.Equal(expected, rows);
        }
    }

    [Fact]
    public void Open_DitDigits_KnowsLayersAndTheirBiases()
    {
        using IModelSource onnx = ModelSource.Open(OnnxModels.Write("dit-digits", _folder.PathOf("model.onnx")));

        string[] layers = [.. onnx.Tensors.Where(t => t.Role!.IsLayer).Select(t => t.Name)];
        Assert.Equal(25, layers.Length);
        Assert.All(onnx.Tensors.Where(t => t.Role!.IsLayer), t => Assert.True(t.Role!.OwnsBias, t.Name));
        Assert.DoesNotContain("y_embedder.embedding_table.weight", layers);
        Assert.Contains("t_embedder.mlp.2.weight", layers);
        Assert.Contains("blocks.3.adaLN_modulation.1.weight", layers);
    }

    [Fact]
    public void Open_LladaKjv_NamesLayersAsTheirParametersAreNamed()
    {
        // Nodes say /blocks.0/ff_proj/MatMul and /ff_out/MatMul, parameters model.transformer.wte.weight.
        using IModelSource onnx = ModelSource.Open(OnnxModels.Write("llada-kjv", _folder.PathOf("model.onnx")));
        using IModelSource original = ModelSource.Open(RepositoryPaths.Sample("llada-kjv"));

        string[] layers = [.. onnx.Tensors.Where(t => t.Role!.IsLayer).Select(t => t.Name)];
        Assert.Empty(layers.Except(original.Tensors.Select(t => t.Name)));
        Assert.Contains("model.transformer.blocks.0.ff_out.weight", layers);
        Assert.Equal(["model.transformer.ff_out.weight"], layers.Where(SensitiveNames.IsSensitive));
    }

    [Fact]
    public void Open_ExternalDataAndPackedFloats_GivesTheSameValues()
    {
        global::Onnx.ModelProto model = OnnxModels.Load("llada-kjv");
        FileStream data = File.Create(_folder.PathOf("weights.bin"));
        data.Write(new byte[100]);
        bool isPacked = false;
        foreach (global::Onnx.TensorProto tensor in model.Graph.Initializer)
        {
            byte[] values = tensor.RawData.ToByteArray();
            tensor.RawData = Google.Protobuf.ByteString.Empty;
            isPacked = !isPacked;
            if (isPacked)
            {
                float[] numbers = new float[values.Length / 4];
                Buffer.BlockCopy(values, 0, numbers, 0, values.Length);
                tensor.FloatData.AddRange(numbers);
                continue;
            }

            OnnxModels.AddExternal(tensor, "weights.bin", values.Length, data.Position);
            data.Write(values);
        }

        data.Dispose();
        model.WriteTo(_folder.PathOf("moved.onnx"));
        using IModelSource expected = ModelSource.Open(OnnxModels.Write("llada-kjv", _folder.PathOf("model.onnx")));
        using IModelSource moved = ModelSource.Open(_folder.PathOf("moved.onnx"));

        Assert.Equal(expected.Tensors.Select(t => t.Name), moved.Tensors.Select(t => t.Name));
        foreach ((TensorInfo left, TensorInfo right) in expected.Tensors.Zip(moved.Tensors)) Assert.Equal(Read(expected, left),
            Read(moved, right));
    }

    public void Dispose() => _folder.Dispose();

    private static byte[] Read(IModelSource source, TensorInfo tensor)
    {
        byte[] bytes = new byte[tensor.ByteLength];
        source.Read(tensor, 0, bytes);
        return bytes;
    }
}
