using System.Buffers.Binary;
using System.Text.Json;

namespace ArrowQuant.TestKit;

/// <summary>Writes safetensors files, tensors in the order given.</summary>
public static class WeightFileWriter
{
    /// <summary>Writes a file; the header is padded with spaces so that the data begin at a multiple of 8 bytes.</summary>
    public static void Write(string path, IReadOnlyList<RawTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        using MemoryStream header = new();
        using (Utf8JsonWriter json = new(header)) WriteHeader(json, tensors, metadata);
        while (header.Length % 8 != 0) header.WriteByte((byte)' ');
        using FileStream file = File.Create(path);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        file.Write(length);
        header.WriteTo(file);
        foreach (RawTensor tensor in tensors) file.Write(tensor.Data);
    }

    /// <summary>Writes float32 tensors, names in the dictionary's order.</summary>
    public static void Write(string path, IReadOnlyDictionary<string, (long[] Shape, float[] Values)> tensors,
        IReadOnlyDictionary<string, string>? metadata = null) =>
        Write(path, [.. tensors.Select(item => RawTensor.FromFloats(item.Key, "F32", item.Value.Shape, item.Value.Values))], metadata);

    private static void WriteHeader(Utf8JsonWriter json, IReadOnlyList<RawTensor> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        json.WriteStartObject();
        if (metadata is not null)
        {
            json.WriteStartObject("__metadata__");
            foreach ((string key, string value) in metadata) json.WriteString(key, value);
            json.WriteEndObject();
        }

        long offset = 0;
        foreach (RawTensor tensor in tensors)
        {
            json.WriteStartObject(tensor.Name);
            json.WriteString("dtype", tensor.Type);
            WriteNumbers(json, "shape", tensor.Shape);
            WriteNumbers(json, "data_offsets", [offset, offset + tensor.Data.Length]);
            json.WriteEndObject();
            offset += tensor.Data.Length;
        }

        json.WriteEndObject();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers) json.WriteNumberValue(number);
        json.WriteEndArray();
    }
}
