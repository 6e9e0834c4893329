using System.Runtime.InteropServices;
using System.Text.Json;

namespace ArrowQuant.TestKit.Parquet;

/// <summary>Rows as the older writers made them from float weights.</summary>
public static class OldRows
{
    /// <summary>Raw float32 values; V1, the unquantized rows of V2, or a sensitive copy of the Rust writer.</summary>
    public static OldRow Raw(string name, long[] shape, float[] values, string dtype = "float32", string quantType = "none") =>
        Row(name, shape, MemoryMarshal.AsBytes<float>(values).ToArray()) with { DType = dtype, QuantType = quantType };

    /// <summary>Raw half floats.</summary>
    public static OldRow RawHalf(string name, long[] shape, float[] values, string dtype, string quantType = "none")
    {
        Half[] halves = [.. values.Select(value => (Half)value)];
        return Row(name, shape, MemoryMarshal.AsBytes<Half>(halves).ToArray()) with { DType = dtype, QuantType = quantType };
    }

    /// <summary>Signed bytes of the Python writer: per tensor (axis -1), per channel (axis 0), or groups of elements.</summary>
    public static OldRow PythonInt8(string name, long[] shape, float[] values, long axis, long groupSize = 0) =>
        Python(name, shape, values, axis, groupSize, "int8", -128, 127, codes => [.. codes.Select(code => (byte)code)]);

    /// <summary>Values -2..1 stored +2, four to a byte, the first in the low bits, the tail padded.</summary>
    public static OldRow PythonInt2(string name, long[] shape, float[] values, long axis, long groupSize = 0) =>
        Python(name, shape, values, axis, groupSize, "int2", -2, 1, PackLowBitsFirst);

    /// <summary>Unsigned codes of the Rust writer with one scale for the whole tensor.</summary>
    public static OldRow RustBase(string name, long[] shape, float[] values, int bits) => Rust(name, shape, values, bits, values.Length);

    /// <summary>Unsigned codes in consecutive parts of ceil(N / groups) elements.</summary>
    public static OldRow RustTimeAware(string name, long[] shape, float[] values, int bits, int groups)
    {
        OldRow row = Rust(name, shape, values, bits, (values.Length + groups - 1) / groups);
        return row with { TimeAwareJson = TimeAwareJson(row.Scales, row.ZeroPoints, (values.Length + groups - 1) / groups) };
    }

    /// <summary>Unsigned codes in groups of <paramref name="rowsPerGroup"/> rows; a 1-D tensor counts as (n, 1).</summary>
    public static OldRow RustSpatial(string name, long[] shape, float[] values, int bits, int rowsPerGroup)
    {
        int columns = (int)shape.Skip(1).Aggregate(1L, (product, dimension) => product * dimension);
        return Rust(name, shape, values, bits, rowsPerGroup * columns) with
        {
            GroupSize = rowsPerGroup,
            SpatialJson = """{"enabled":true,"channel_equalization":false,"activation_smoothing":false,"equalization_scales":[]}""",
        };
    }

    private static OldRow Rust(string name, long[] shape, float[] values, int bits, int runLength)
    {
        int top = (1 << bits) - 1;
        List<float> scales = [];
        List<float> zeroPoints = [];
        byte[] codes = new byte[values.Length];
        for (int start = 0; start < values.Length; start += runLength)
        {
            ReadOnlySpan<float> run = values.AsSpan(start, Math.Min(runLength, values.Length - start));
            (float min, float max) = (float.PositiveInfinity, float.NegativeInfinity);
            foreach (float value in run) (min, max) = (Math.Min(min, value), Math.Max(max, value));
            float scale = (max - min) / top;
            float zeroPoint = scale == 0f ? float.NaN : -min / scale; // the first writer divided by zero and got NaN
            scales.Add(scale);
            zeroPoints.Add(zeroPoint);
            for (int i = 0; i < run.Length; i++)
                codes[start + i] = scale == 0f ? (byte)0 : (byte)Math.Clamp(MathF.Round((run[i] / scale) + zeroPoint), 0f, top);
        }

        return Row(name, shape, codes) with { QuantType = $"int{bits}", Scales = [.. scales], ZeroPoints = [.. zeroPoints] };
    }

    private static OldRow Python(
        string name, long[] shape, float[] values, long axis, long groupSize, string quantType, int low, int high, Func<int[], byte[]> pack)
    {
        long channel = shape.Skip(1).Aggregate(1L, (product, dimension) => product * dimension);
        int run = (int)(groupSize > 0 ? groupSize : axis == 0 ? channel : values.Length);
        int[] codes = new int[values.Length];
        List<float> scales = [];
        for (int start = 0; start < values.Length; start += run)
        {
            int end = Math.Min(start + run, values.Length);
            float peak = values[start..end].Max(Math.Abs);
            float scale = peak == 0f ? 1f : peak / high;
            scales.Add(scale);
            for (int i = start; i < end; i++) codes[i] = (int)Math.Clamp(MathF.Round(values[i] / scale), low, high);
        }

        return Row(name, shape, pack(codes)) with
        {
            DType = "torch.float32",
            QuantType = quantType,
            Scales = [.. scales],
            ZeroPoints = new float[scales.Count],
            QuantAxis = axis,
            GroupSize = groupSize,
        };
    }

    private static byte[] PackLowBitsFirst(int[] codes)
    {
        byte[] packed = new byte[(codes.Length + 3) / 4];
        for (int i = 0; i < codes.Length; i++) packed[i / 4] |= (byte)((codes[i] + 2) << (i % 4 * 2));
        return packed;
    }

    private static OldRow Row(string name, long[] shape, byte[] data) => new()
    {
        Name = name,
        Shape = [.. shape.Select(dimension => (long?)dimension)],
        Data = data,
        Count = shape.Aggregate(1L, (product, dimension) => product * dimension),
    };

    private static string TimeAwareJson(float[] scales, float[] zeroPoints, int groupSize)
    {
        // NaN becomes null, as the first writer's serializer has it.
        static object? Number(float value) => float.IsFinite(value) ? value : null;
        return JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["enabled"] = true,
            ["num_time_groups"] = scales.Length,
            ["time_group_params"] = scales.Select((scale, g) => new Dictionary<string, object?>
            {
                ["time_range"] = new[] { g * 1000 / scales.Length, (g + 1) * 1000 / scales.Length },
                ["scale"] = Number(scale),
                ["zero_point"] = Number(zeroPoints[g]),
                ["group_size"] = groupSize,
            }).ToArray(),
        });
    }
}
