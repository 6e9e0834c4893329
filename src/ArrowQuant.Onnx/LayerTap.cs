using ArrowQuant.Sources.Onnx;

namespace ArrowQuant.Onnx;

/// <summary>A place in the graph where the input of a layer can be read.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Node">The node that multiplies by it.</param>
/// <param name="Value">The name of the value that the node multiplies.</param>
/// <param name="Features">Values in a row: columns of the layer's matrix.</param>
internal sealed record LayerTap(OnnxLayer Layer, OnnxNode Node, string Value, int Features)
{
    /// <summary>The tap of a layer's first node, or null where rows of its input are not simply told.</summary>
    public static LayerTap? Of(OnnxLayer layer)
    {
        OnnxNode node = layer.Nodes[0];
        var dimensions = layer.Tensor.Shape.Dimensions;
        long features = layer.Tensor.Shape.ElementCount / Math.Max(1, dimensions[layer.RowAxis]);
        bool isRight = node.Input(1) == layer.Tensor.Name;
        bool isTold = features <= int.MaxValue && node.OpType switch
        {
            // On the left the weight multiplies columns.
            "MatMul" => isRight,
            "Gemm" => isRight && !OnnxLayers.IsTransposed(node, 0),
            "Conv" => node.IntegerOf("group", 1) == 1
                && (!node.Attributes.TryGetValue("auto_pad", out OnnxAttribute? pad) || pad.Text is "" or "NOTSET" or "VALID"),
            _ => false,
        };
        return isTold ? new LayerTap(layer, node, node.Inputs[0], (int)features) : null;
    }

    /// <summary>Reads rows of the layer's input.</summary>
    /// <param name="values">The input's values.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="limit">How many rows are wanted at most.</param>
    /// <param name="turn">Moves the places, so that runs do not all give the same.</param>
    /// <returns>[rows, features]; rows evenly spaced.</returns>
    public float[] Rows(ReadOnlySpan<float> values, long[] shape, int limit, int turn)
    {
        PatchPlaces? patches = Node.OpType == "Conv" ? new PatchPlaces(Node, [.. Layer.Tensor.Shape.Dimensions], shape) : null;
        long available = patches?.Count ?? values.Length / Features;
        int count = (int)Math.Min(limit, available);
        float[] rows = new float[count * Features];
        for (int i = 0; i < count; i++)
        {
            long place = (i * available / count + turn) % available;
            Span<float> row = rows.AsSpan(i * Features, Features);
            if (patches is null) values.Slice((int)(place * Features), Features).CopyTo(row);
            else patches.Read(values, place, row);
        }

        return rows;
    }
}
