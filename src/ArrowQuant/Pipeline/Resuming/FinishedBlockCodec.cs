using System.Runtime.InteropServices;
using System.Text;
using ArrowQuant.Kernels;
using ArrowQuant.Methods;
using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Quality;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline.Resuming;

/// <summary>
/// Blocks and the choices of layers as bytes of the journal. The journal is read by the build that wrote it and never leaves its machine,
/// so values are stored as the machine holds them.
/// </summary>
internal static class FinishedBlockCodec
{
    /// <summary>What is stored of a layer's choices.</summary>
    public static ReadOnlyMemory<byte> WriteChoices(PreparedLayer choices)
    {
        using MemoryStream bytes = new();
        using BinaryWriter writer = new(bytes, Encoding.UTF8);
        LayerRecipe recipe = choices.Recipe;
        writer.Write(recipe.Method);
        writer.Write(recipe.Enhancement);
        writer.Write((sbyte)(recipe.ChannelEqualization is { } equalized ? equalized ? 1 : 0 : -1));
        writer.Write(recipe.IsCalibrated);
        writer.Write(recipe.Tried.Count);
        foreach (string tried in recipe.Tried) writer.Write(tried);
        writer.Write(recipe.Failures.Count);
        foreach (MethodFailure failure in recipe.Failures)
        {
            foreach (string text in (string[])[failure.Kind, failure.From, failure.To, failure.Cause, failure.Message]) writer.Write(text);
        }

        writer.Write((int)choices.Format.Layout);
        writer.Write(choices.Format.Groups.GroupSize);
        writer.Write(choices.Format.PerChannel);
        writer.Write(choices.Format.EqualizationScales?.Length ?? -1);
        writer.Write(MemoryMarshal.AsBytes(choices.Format.EqualizationScales.AsSpan()));
        writer.Write(choices.Format.Rotation is { } rotation ? rotation.Seed : -1L);
        writer.Write((int)choices.Search);
        WriteOptional(writer, choices.TimeAwareJson);
        WriteOptional(writer, choices.ActivationStatsJson);
        writer.Write(choices.Alpha.HasValue);
        writer.Write(choices.Alpha ?? 0);
        writer.Flush();
        return bytes.ToArray();
    }

    /// <summary>What <see cref="WriteChoices"/> wrote; the width and the columns are those of the layer.</summary>
    /// <exception cref="IOException">The bytes end too early.</exception>
    public static PreparedLayer ReadChoices(byte[] bytes, LayerRequest request)
    {
        using BinaryReader reader = new(new MemoryStream(bytes), Encoding.UTF8);
        LayerRecipe recipe = new()
        {
            Method = reader.ReadString(),
            Enhancement = reader.ReadString(),
            ChannelEqualization = reader.ReadSByte() switch { < 0 => null, 0 => false, _ => true },
            IsCalibrated = reader.ReadBoolean(),
            Tried = ReadList(reader, reader.ReadString),
            Failures = ReadList(reader, () => new MethodFailure(
                reader.ReadString(), reader.ReadString(), reader.ReadString(), reader.ReadString(), reader.ReadString())),
        };
        QuantizedFormat format = new()
        {
            BitWidth = request.BitWidth,
            Layout = (CodeLayout)reader.ReadInt32(),
            Groups = new GroupLayout(request.Columns, reader.ReadInt32()),
            PerChannel = reader.ReadBoolean(),
            EqualizationScales = ReadScales(reader),
        };
        if (reader.ReadInt64() is >= 0 and var seed) format = format with { Rotation = new HadamardRotation((uint)seed, format.Groups) };
        return new PreparedLayer
        {
            Recipe = recipe,
            Format = format,
            Search = (AffineSearch)reader.ReadInt32(),
            TimeAwareJson = ReadOptional(reader),
            ActivationStatsJson = ReadOptional(reader),
            Alpha = reader.ReadBoolean() ? reader.ReadDouble() : null,
        };
    }

    /// <summary>A block with what was measured on it; its codes are not copied.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> WriteBlock(QuantizedRows rows)
    {
        using MemoryStream bytes = new();
        using BinaryWriter writer = new(bytes);
        RowMeasures measures = rows.Measures;
        writer.Write(measures.Outputs.Length);
        writer.Write(measures.Shifts.Count);
        writer.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<ErrorSums>(in measures.Weights)));
        writer.Write(MemoryMarshal.AsBytes(measures.Outputs.AsSpan()));
        writer.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<DamageSums>(in measures.Damage)));
        writer.Write(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(measures.Shifts)));
        foreach (float[] values in (float[][])[rows.Block.Scales, rows.Block.ZeroPoints, rows.Block.Levels])
            writer.Write(MemoryMarshal.AsBytes(values.AsSpan()));
        writer.Flush();
        return [bytes.ToArray(), rows.Block.Codes];
    }

    /// <summary>What <see cref="WriteBlock"/> wrote.</summary>
    /// <exception cref="IOException">The bytes are not as many as the block needs.</exception>
    public static FinishedBlock ReadBlock(byte[] bytes, PreparedLayer choices, long rowStart, int rowCount)
    {
        ReadOnlySpan<byte> rest = bytes;
        Span<int> counts = stackalloc int[2];
        Take(ref rest, counts);
        var measures = new RowMeasures(counts[0]);
        Take(ref rest, new Span<ErrorSums>(ref measures.Weights));
        Take(ref rest, measures.Outputs.AsSpan());
        Take(ref rest, new Span<DamageSums>(ref measures.Damage));
        float[] shifts = new float[counts[1]];
        Take(ref rest, shifts.AsSpan());
        measures.Shifts.AddRange(shifts);
        var block = new QuantizedBlock(choices.Format, rowStart, rowCount);
        Take(ref rest, block.Scales.AsSpan());
        Take(ref rest, block.ZeroPoints.AsSpan());
        Take(ref rest, block.Levels.AsSpan());
        Take(ref rest, block.Codes.AsSpan());
        if (rest.Length > 0) throw new EndOfStreamException($"{rest.Length} bytes are left over");
        return new FinishedBlock(choices, block, measures);
    }

    private static void Take<T>(ref ReadOnlySpan<byte> rest, scoped Span<T> target)
        where T : unmanaged
    {
        Span<byte> bytes = MemoryMarshal.AsBytes(target);
        if (rest.Length < bytes.Length) throw new EndOfStreamException($"{bytes.Length - rest.Length} bytes are missing");
        rest[..bytes.Length].CopyTo(bytes);
        rest = rest[bytes.Length..];
    }

    private static T[] ReadList<T>(BinaryReader reader, Func<T> read)
    {
        List<T> items = [];
        for (int count = reader.ReadInt32(); items.Count < count;) items.Add(read());
        return [.. items];
    }

    private static float[]? ReadScales(BinaryReader reader)
    {
        int count = reader.ReadInt32();
        return count < 0 ? null : MemoryMarshal.Cast<byte, float>(reader.ReadBytes(checked(count * sizeof(float)))).ToArray();
    }

    private static void WriteOptional(BinaryWriter writer, string? text)
    {
        writer.Write(text is not null);
        writer.Write(text ?? "");
    }

    private static string? ReadOptional(BinaryReader reader)
    {
        bool isThere = reader.ReadBoolean();
        string text = reader.ReadString();
        return isThere ? text : null;
    }
}
