using Apache.Arrow;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;

namespace ArrowQuant.TestKit.Parquet;

/// <summary>The ARROW:schema footer entry of the Rust writer: by it Arrow readers see <c>data</c> as LargeBinary.</summary>
internal static class RustArrowSchema
{
    /// <summary>The schema message, base64.</summary>
    public static string Encode(bool extended, IEnumerable<string> jsonColumns)
    {
        List<Field> fields =
        [
            new("layer_name", StringType.Default, false),
            new("shape", new ListType(new Field("item", UInt64Type.Default, false)), false),
            new("dtype", StringType.Default, false),
            new("data", LargeBinaryType.Default, false),
            new("num_params", UInt64Type.Default, false),
            new("quant_type", StringType.Default, false),
            new("scales", new ListType(new Field("item", FloatType.Default, false)), false),
            new("zero_points", new ListType(new Field("item", FloatType.Default, false)), false),
            new("quant_axis", UInt64Type.Default, true),
            new("group_size", UInt64Type.Default, true),
        ];
        if (extended)
        {
            fields.Add(new Field("is_diffusion_model", BooleanType.Default, false));
            fields.Add(new Field("modality", StringType.Default, true));
            fields.AddRange(jsonColumns.Select(column => new Field(column, StringType.Default, true)));
        }

        using MemoryStream stream = new();
        using ArrowStreamWriter writer = new(stream, new Schema(fields, null), leaveOpen: true);
        writer.WriteStart();
        return Convert.ToBase64String(stream.ToArray());
    }
}
