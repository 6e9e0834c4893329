using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using ArrowQuant.Sources;
using ArrowQuant.Tensors;

namespace ArrowQuant.TestKit.Parquet;

/// <summary>
/// Does what the first converter did: one V2 Extended file per tensor with empty data, the weights as raw float32 in a .bin file beside it,
/// and a metadata.json that holds the modality under "architecture" as well.
/// </summary>
public static class V2ExtendedConverter
{
    private const int BlockElements = 1 << 20;

    /// <summary>Converts an open model of F32, F16, BF16 or F64 tensors; config.json travels along.</summary>
    /// <param name="source">The model.</param>
    /// <param name="folder">Made when it does not exist.</param>
    /// <param name="modality">text, code, image or audio; null takes the source's.</param>
    /// <exception cref="NotSupportedException">A tensor has another element type.</exception>
    public static void Convert(IModelSource source, string folder, string? modality = null)
    {
        string name = modality ?? source.Description.Modality?.ToString().ToLowerInvariant()
            ?? throw new ArgumentException("the source has no modality; name one", nameof(modality));
        Directory.CreateDirectory(folder);
        foreach (TensorInfo tensor in source.Tensors)
        {
            using FileStream bin = Begin(folder, tensor.FullName, [.. tensor.Shape.Dimensions], name);
            int size = tensor.ElementType.BitSize() / 8;
            byte[] block = new byte[Math.Min(BlockElements, tensor.Shape.ElementCount) * size];
            for (long offset = 0; offset < tensor.ByteLength; offset += block.Length)
            {
                Span<byte> some = block.AsSpan(0, (int)Math.Min(block.Length, tensor.ByteLength - offset));
                source.Read(tensor, offset, some);
                bin.Write(MemoryMarshal.AsBytes<float>(ToFloats(tensor, some)));
            }
        }

        SidecarFile? config = source.Description.Sidecars.FirstOrDefault(file => file.RelativePath == "config.json");
        if (config is not null) File.Copy(config.SourcePath, Path.Combine(folder, "config.json"), overwrite: true);
        WriteMetadata(folder, name);
    }

    /// <summary>Converts tensors that are given as values.</summary>
    public static void Convert(IEnumerable<(string Name, long[] Shape, float[] Values)> tensors, string folder, string modality)
    {
        Directory.CreateDirectory(folder);
        foreach ((string tensor, long[] shape, float[] values) in tensors)
        {
            using FileStream bin = Begin(folder, tensor, shape, modality);
            bin.Write(MemoryMarshal.AsBytes<float>(values));
        }

        WriteMetadata(folder, modality);
    }

    private static FileStream Begin(string folder, string tensor, long[] shape, string modality)
    {
        string path = OldParquetFixtures.WriteV2Extended(folder, new OldRow
        {
            Name = tensor,
            Shape = [.. shape.Select(dimension => (long?)dimension)],
            Data = [],
            Count = shape.Aggregate(1L, (product, dimension) => product * dimension),
            Modality = modality,
        });
        return File.Create(Path.ChangeExtension(path, ".bin"));
    }

    private static float[] ToFloats(TensorInfo tensor, ReadOnlySpan<byte> bytes)
    {
        switch (tensor.ElementType)
        {
            case ElementType.F32:
                return MemoryMarshal.Cast<byte, float>(bytes).ToArray();
            case ElementType.F64:
                return [.. MemoryMarshal.Cast<byte, double>(bytes).ToArray().Select(value => (float)value)];
            case ElementType.F16:
                return [.. MemoryMarshal.Cast<byte, Half>(bytes).ToArray().Select(value => (float)value)];
            case ElementType.BF16:
                float[] values = new float[bytes.Length / 2];
                for (int i = 0; i < values.Length; i++)
                    values[i] = BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(bytes[(2 * i)..]) << 16);
                return values;
            default:
                throw new NotSupportedException(
                    $"tensor '{tensor.FullName}' is {tensor.ElementType.Name()}; the first converter knew float types only");
        }
    }

    private static void WriteMetadata(string folder, string modality) => File.WriteAllText(
        Path.Combine(folder, "metadata.json"),
        JsonSerializer.Serialize(new Dictionary<string, string>
        {
            ["modality"] = modality,
            ["format"] = "parquet_v2_extended",
            ["source"] = "safetensors",
            ["architecture"] = modality,
        }));
}
