using System.Runtime.InteropServices;
using ArrowQuant.Kernels;
using ArrowQuant.Sources.Onnx;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Exports.Onnx;

/// <summary>Decodes a layer of a written graph as the operators of ONNX define it, and compares it with the artefact.</summary>
internal sealed class ExportDecoder(OnnxSource written, ArtefactReader artefact)
{
    private const int PieceValues = 1 << 20;

    private readonly Dictionary<string, TensorInfo> _tensors =
        written.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);

    /// <summary>Compares every weight.</summary>
    public DecodedComparison Compare(ExportedLayer layer)
    {
        var comparison = new DecodedComparison();
        if (layer.Form == LayerForm.Float16)
        {
            Half[] values = MemoryMarshal.Cast<byte, Half>(ReadAll(layer.Codes)).ToArray();
            comparison.Add(artefact.ReadLayer(layer.Stored.FullName), Array.ConvertAll(values, value => (float)value));
            return comparison;
        }

        MatrixView view = layer.Stored.View;
        int columns = (int)view.Columns;
        int pieceRows = (int)Math.Clamp(PieceValues / columns, 1, view.Rows);
        float[]? factors = layer.Equalization.Length == 0 ? null : ReadFloats(layer.Equalization, 0, columns);
        for (long row = 0; row < view.Rows; row += pieceRows)
        {
            int count = (int)Math.Min(pieceRows, view.Rows - row);
            float[] expected = new float[count * columns];
            artefact.ReadRows(layer.Stored.FullName, row, count, expected);
            comparison.Add(expected, Decode(layer, row, count, columns, factors));
        }

        return comparison;
    }

    /// <summary>The values of an initializer.</summary>
    public byte[] ReadAll(string name)
    {
        byte[] bytes = new byte[_tensors[name].ByteLength];
        written.Read(_tensors[name], 0, bytes);
        return bytes;
    }

    /// <summary>Bytes of the initializers that a layer has.</summary>
    public long BytesOf(ExportedLayer layer) =>
        new[] { layer.Codes, layer.Scales, layer.ZeroPoints, layer.Equalization }
            .Where(name => name.Length > 0).Sum(name => _tensors[name].ByteLength);

    private float[] Decode(ExportedLayer layer, long row, int count, int columns, float[]? factors)
    {
        int bits = layer.Stored.BitWidth;
        int groups = (columns + layer.GroupSize - 1) / layer.GroupSize;
        int rowBytes = groups * layer.GroupSize * bits / 8;
        byte[] packed = ReadBytes(layer.Codes, row * rowBytes, count * rowBytes);
        bool isAffine = layer.Stored.Layout == CodeLayout.Affine;
        int perGroup = isAffine ? 1 : 4;
        float[] scales = ReadFloats(layer.Scales, row * groups * perGroup, count * groups * perGroup);
        float[] points = isAffine ? ReadZeroPoints(layer, row, count, groups, bits) : [];
        byte[] codes = new byte[groups * layer.GroupSize];
        float[] values = new float[count * columns];
        for (int r = 0; r < count; r++)
        {
            Codes.Unpack(packed.AsSpan(r * rowBytes, rowBytes), bits, codes);
            for (int c = 0; c < columns; c++)
            {
                int group = r * groups + c / layer.GroupSize;
                float value = isAffine ? (codes[c] - points[group]) * scales[group] : scales[group * 4 + codes[c]];
                values[r * columns + c] = factors is null ? value : value * factors[c];
            }
        }

        return values;
    }

    private float[] ReadZeroPoints(ExportedLayer layer, long row, int count, int groups, int bits)
    {
        if (_tensors[layer.ZeroPoints].ElementType == ElementType.F32) return ReadFloats(layer.ZeroPoints, row * groups, count * groups);
        int rowBytes = (groups * bits + 7) / 8;
        byte[] packed = ReadBytes(layer.ZeroPoints, row * rowBytes, count * rowBytes);
        byte[] codes = new byte[groups];
        float[] points = new float[count * groups];
        for (int r = 0; r < count; r++)
        {
            Codes.Unpack(packed.AsSpan(r * rowBytes, rowBytes), bits, codes);
            for (int g = 0; g < groups; g++) points[r * groups + g] = codes[g];
        }

        return points;
    }

    private byte[] ReadBytes(string name, long offset, int count)
    {
        byte[] bytes = new byte[count];
        written.Read(_tensors[name], offset, bytes);
        return bytes;
    }

    private float[] ReadFloats(string name, long first, int count)
    {
        float[] values = new float[count];
        FloatConversion.ToSingle(ElementTypeFormats.FormatOf(ElementType.F32), ReadBytes(name, first * sizeof(float), count * sizeof(float)), values);
        return values;
    }
}
