using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using Apache.Arrow;
using Apache.Arrow.Types;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Runtime;

/// <summary>Blocks as Arrow record batches whose buffers are the arrays of the blocks.</summary>
internal static class ArrowConversion
{
    private const string Element = "element";

    /// <summary>One row: the packed codes or raw values of a block, and its grids.</summary>
    public static RecordBatch PackedBatch(StoredLayer layer, LayerBlock block)
    {
        ReadOnlyMemory<byte> data = block.Values ?? block.Packed.Codes;
        IArrowArray[] columns =
        [
            new UInt64Array.Builder().Append((ulong)block.Stored.RowStart).Build(),
            new UInt64Array.Builder().Append((ulong)block.Stored.RowCount).Build(),
            new LargeBinaryArray(
                LargeBinaryType.Default, 1, new ArrowBuffer(MemoryMarshal.AsBytes<long>([0, data.Length]).ToArray()), new ArrowBuffer(data),
                ArrowBuffer.Empty),
            Floats(block.Codes?.Scales ?? []),
            Floats(block.Codes?.ZeroPoints ?? []),
            Floats(block.Codes?.Levels ?? []),
        ];
        string[] names = ["row_start", "row_count", ArtefactLayout.Data, "scales", "zero_points", "levels"];
        Schema schema = new(names.Zip(columns, (name, column) => new Field(name, column.Data.DataType, false)), Description(layer));
        return new RecordBatch(schema, columns, 1);
    }

    /// <summary>Decoded rows, [rows, columns].</summary>
    public static RecordBatch DecodedBatch(StoredLayer layer, float[] weights, int rows)
    {
        FixedSizeListType type = new(new Field(Element, FloatType.Default, false), (int)layer.View.Columns);
        FixedSizeListArray list = new(type, rows, Values(weights), ArrowBuffer.Empty);
        return new RecordBatch(new Schema([new Field("weights", type, false)], Description(layer)), [list], rows);
    }

    private static ListArray Floats(float[] values)
    {
        ListType type = new(new Field(Element, FloatType.Default, false));
        ArrowBuffer offsets = new(MemoryMarshal.AsBytes<int>([0, values.Length]).ToArray());
        return new ListArray(type, 1, offsets, Values(values), ArrowBuffer.Empty);
    }

    private static FloatArray Values(float[] values) =>
        new(new ArrowBuffer(new FloatBytes(values).Memory), ArrowBuffer.Empty, values.Length, 0, 0);

    private static Dictionary<string, string> Description(StoredLayer layer)
    {
        Dictionary<string, string> description = new()
        {
            ["layer_name"] = layer.FullName,
            ["shape"] = layer.Shape.ToString(),
            ["dtype"] = layer.SourceType.Name(),
            ["quant_type"] = layer.QuantType,
            ["layout"] = layer.Layout.ToString().ToLowerInvariant(),
            ["bit_width"] = layer.BitWidth.ToString(CultureInfo.InvariantCulture),
            ["row_axis"] = layer.View.RowAxis.ToString(CultureInfo.InvariantCulture),
            ["transform"] = layer.Transform,
        };
        if (layer.GroupSize is { } size) description["group_size"] = size.ToString(CultureInfo.InvariantCulture);
        if (layer.SpatialJson is { } spatial) description["spatial_quant_json"] = spatial;
        return description;
    }

    /// <summary>The bytes of an array of floats, without a copy.</summary>
    private sealed class FloatBytes(float[] values) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan() => MemoryMarshal.AsBytes(values.AsSpan());

        public override unsafe MemoryHandle Pin(int elementIndex = 0)
        {
            GCHandle handle = GCHandle.Alloc(values, GCHandleType.Pinned);
            return new MemoryHandle((byte*)handle.AddrOfPinnedObject() + elementIndex, handle, this);
        }

        public override void Unpin()
        {
            // The handle in MemoryHandle is freed with it.
        }

        protected override void Dispose(bool disposing)
        {
            // The array belongs to the block.
        }
    }
}
