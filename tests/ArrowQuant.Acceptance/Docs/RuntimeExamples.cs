using Apache.Arrow;
using ArrowQuant.Runtime;
using ArrowQuant.Storage;

namespace ArrowQuant.Acceptance.Docs;

/// <summary>
/// The examples of docs/run-in-dotnet.md, between the comments, in the order of the page: <see cref="RunInDotnetPageTests"/> compares them
/// and runs them.
/// </summary>
internal static class RuntimeExamples
{
    public static (float[] Outputs, float[] Results, float[] Weights, Half[] FirstRows, float[] Offsets) Run(string path, float[] inputs)
    {
        // page begins
        using QuantizedModel model = QuantizedModel.Open(path);
        foreach (StoredLayer stored in model.Layers)
            Console.WriteLine($"{stored.FullName} {stored.Shape} {stored.QuantType} {stored.CosineSimilarity:F4}");
        // next
        using QuantizedLayer layer = model.GetLayer("blocks.0.attn.qkv.weight");
        float[] outputs = new float[layer.Rows];
        layer.MatVec(inputs, outputs);
        // next
        float[] batch = new float[4 * layer.Columns];
        float[] results = new float[4 * layer.Rows];
        for (int i = 0; i < 4; i++) inputs.CopyTo(batch, i * layer.Columns);
        layer.MatMul(batch, 4, results);
        // next
        float[] weights = new float[layer.Info.Shape.ElementCount];
        layer.Dequantize(weights);

        Half[] firstRows = new Half[8 * layer.Columns];
        layer.DequantizeRows(0, 8, firstRows);
        // next
        using QuantizedLayer bias = model.GetLayer("blocks.0.attn.qkv.bias");
        float[] offsets = new float[bias.Columns];
        bias.Dequantize(offsets);
        // next
        foreach (RecordBatch stored in layer.ToRecordBatches())
        {
            ReadOnlySpan<byte> codes = ((LargeBinaryArray)stored.Column("data")).GetBytes(0);
            Console.WriteLine($"{stored.Schema.Metadata["layout"]}, {codes.Length} bytes of codes");
        }

        using RecordBatch decoded = layer.DequantizeToRecordBatch(0, 8);
        // page ends
        return (outputs, results, weights, firstRows, offsets);
    }
}
