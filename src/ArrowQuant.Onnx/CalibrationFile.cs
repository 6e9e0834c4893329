using System.Buffers.Binary;
using System.Text.Json;
using ArrowQuant.Errors;
using Microsoft.Win32.SafeHandles;

namespace ArrowQuant.Onnx;

/// <summary>
/// Calibration data being written as safetensors: rows go to their places as they are recorded, so that nothing is held. The file gets its
/// name when it is complete.
/// </summary>
internal sealed class CalibrationFile : IDisposable
{
    private readonly string _path;
    private readonly string _partial;
    private readonly Dictionary<string, (long Rows, long Steps, int Features, int PerRun)> _places = new(StringComparer.Ordinal);
    private readonly SafeFileHandle _handle;

    /// <summary>Creates the file.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="layers">Layers with the number of values in a row, and the rows of one run.</param>
    /// <param name="runs">How many runs there are.</param>
    /// <param name="hasTimesteps">Whether rows have timesteps.</param>
    /// <exception cref="ResourceException">It cannot be written.</exception>
    public CalibrationFile(string path, IReadOnlyList<(string Layer, int Features, int PerRun)> layers, int runs, bool hasTimesteps)
    {
        _path = path;
        _partial = path + ".partial";
        byte[] header = Header(layers, runs, hasTimesteps);
        _handle = Map(() => File.OpenHandle(_partial, FileMode.Create, FileAccess.Write, FileShare.None));
        byte[] length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        Write(length, 0);
        Write(header, length.Length);
    }

    /// <summary>Writes the rows of one run.</summary>
    public void Add(string layer, int run, double? timestep, float[] rows)
    {
        (long start, long steps, int features, int perRun) = _places[layer];
        byte[] bytes = new byte[sizeof(float) * rows.Length];
        for (int i = 0; i < rows.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(sizeof(float) * i), rows[i]);
        Write(bytes, start + (long)run * perRun * features * sizeof(float));
        if (timestep is not { } step) return;
        byte[] times = new byte[sizeof(double) * perRun];
        for (int i = 0; i < perRun; i++) BinaryPrimitives.WriteDoubleLittleEndian(times.AsSpan(sizeof(double) * i), step);
        Write(times, steps + (long)run * times.Length);
    }

    /// <summary>Gives the file its name.</summary>
    public void Complete() => Map(() =>
    {
        RandomAccess.FlushToDisk(_handle);
        _handle.Dispose();
        File.Move(_partial, _path, overwrite: true);
        return true;
    });

    /// <summary>Closes the file; one that is not complete disappears.</summary>
    public void Dispose()
    {
        _handle.Dispose();
        if (File.Exists(_partial)) File.Delete(_partial);
    }

    private byte[] Header(IReadOnlyList<(string Layer, int Features, int PerRun)> layers, int runs, bool hasTimesteps)
    {
        using MemoryStream json = new();
        long offset = 0;
        using (Utf8JsonWriter writer = new(json))
        {
            writer.WriteStartObject();
            foreach ((string layer, int features, int perRun) in layers)
            {
                long rows = (long)runs * perRun;
                long start = offset;
                Tensor(layer + ".input", "F32", rows * features * sizeof(float), rows, features);
                long steps = offset;
                if (hasTimesteps) Tensor(layer + ".timestep", "F64", rows * sizeof(double), rows);
                _places.Add(layer, (start, steps, features, perRun));
            }

            writer.WriteEndObject();

            void Tensor(string name, string type, long bytes, params ReadOnlySpan<long> shape)
            {
                writer.WriteStartObject(name);
                writer.WriteString("dtype", type);
                writer.WriteStartArray("shape");
                foreach (long size in shape) writer.WriteNumberValue(size);
                writer.WriteEndArray();
                writer.WriteStartArray("data_offsets");
                writer.WriteNumberValue(offset);
                writer.WriteNumberValue(offset += bytes);
                writer.WriteEndArray();
                writer.WriteEndObject();
            }
        }

        while (json.Length % sizeof(long) != 0) json.WriteByte((byte)' ');
        byte[] header = json.ToArray();
        foreach ((string layer, (long rows, long steps, int features, int perRun)) in _places)
            _places[layer] = (rows + sizeof(long) + header.Length, steps + sizeof(long) + header.Length, features, perRun);
        return header;
    }

    private void Write(byte[] bytes, long offset) => Map(() =>
    {
        RandomAccess.Write(_handle, bytes, offset);
        return true;
    });

    private T Map<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ResourceException($"{_path}: cannot be written: {e.Message.ReplaceLineEndings(" ")}", e) { FilePath = _path };
        }
    }
}
