using System.Buffers.Binary;
using System.Text.Json;

namespace ArrowQuant.TestKit;

/// <summary>A small reader of safetensors files, on purpose independent of the library's own. It trusts files of this repository.</summary>
public static class WeightFile
{
    /// <summary>All tensors of a file as float32, by name.</summary>
    public static Dictionary<string, (long[] Shape, float[] Values)> Read(string path)
    {
        Dictionary<string, (long[] Shape, float[] Values)> tensors = new(StringComparer.Ordinal);
        foreach (RawTensor tensor in ReadRaw(path).Tensors) tensors.Add(tensor.Name, (tensor.Shape, tensor.ToFloats()));
        return tensors;
    }

    /// <summary>All tensors of a file as they are stored, in the order of their data, and the file's <c>__metadata__</c>.</summary>
    /// <exception cref="InvalidDataException">A size disagrees with a shape, or the file is shorter than its header says.</exception>
    public static (Dictionary<string, string> Metadata, List<RawTensor> Tensors) ReadRaw(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        long headerLength = file.Length < 8 ? -1 : BinaryPrimitives.ReadInt64LittleEndian(file);
        if (headerLength < 0 || headerLength > file.Length - 8) throw new InvalidDataException($"{path}: no safetensors header");
        using JsonDocument header = JsonDocument.Parse(file.AsMemory(8, (int)headerLength));
        Dictionary<string, string> metadata = new(StringComparer.Ordinal);
        List<(long Start, RawTensor Tensor)> found = [];
        foreach (JsonProperty entry in header.RootElement.EnumerateObject())
        {
            if (entry.Name == "__metadata__")
            {
                foreach (JsonProperty pair in entry.Value.EnumerateObject()) metadata.Add(pair.Name, pair.Value.GetString()!);
                continue;
            }

            string type = entry.Value.GetProperty("dtype").GetString()!;
            long[] shape = [.. entry.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())];
            long start = entry.Value.GetProperty("data_offsets")[0].GetInt64();
            long end = entry.Value.GetProperty("data_offsets")[1].GetInt64();
            long expected = shape.Aggregate(1L, (product, size) => product * size) * ElementCodec.SizeOf(type);
            if (end - start != expected || 8 + headerLength + end > file.Length)
            {
                string actual = $"{entry.Name} has {end - start} bytes at {start}";
                throw new InvalidDataException($"{path}: {actual}, expected {expected} inside the file");
            }

            byte[] data = file.AsSpan(checked((int)(8 + headerLength + start)), checked((int)expected)).ToArray();
            found.Add((start, new RawTensor(entry.Name, type, shape, data)));
        }

        return (metadata, [.. found.OrderBy(item => item.Start).Select(item => item.Tensor)]);
    }
}
