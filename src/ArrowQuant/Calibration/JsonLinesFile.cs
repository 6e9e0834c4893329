using ArrowQuant.Errors;
using ArrowQuant.Sources;
using Microsoft.Win32.SafeHandles;

namespace ArrowQuant.Calibration;

/// <summary>Calibration data as JSON lines: one object <c>{layer?, data, timestep?, shape?}</c> on each; blank lines are skipped.</summary>
internal sealed class JsonLinesFile : RecordFile
{
    private const int FirstBufferBytes = 1 << 16;
    private const int LineLimitBytes = 1 << 28;

    private readonly string _path;

    private JsonLinesFile(string path) => _path = path;

    /// <summary>Reads every line once, for its layer, length and timestep.</summary>
    /// <exception cref="CalibrationException">A line is not such an object.</exception>
    public static CalibrationLayers Read(string path) => CalibrationFailure.Map(path, () =>
    {
        RecordIndex index = new(path);
        using SafeFileHandle handle = ModelFile.OpenHandle(path);
        ReadLines(path, handle, (line, number, position) =>
        {
            JsonRecord record = JsonRecord.Parse(line, path, number);
            index.Add(record.Head, new RecordPlace(number, position, line.Length), $"line {number}");
        });
        return index.Build(new JsonLinesFile(path));
    });

    /// <inheritdoc/>
    public override void Visit(IReadOnlyList<RecordPlace> places, RecordVisitor visit)
    {
        using SafeFileHandle handle = ModelFile.OpenHandle(_path);
        byte[] line = [];
        JsonRecord? record = null;
        for (int i = 0; i < places.Count; i++)
        {
            RecordPlace place = places[i];
            if (record is null || place.Position != places[i - 1].Position)
            {
                if (line.Length < place.Length) line = new byte[place.Length];
                Span<byte> text = line.AsSpan(0, place.Length);
                ModelFile.ReadExactly(handle, _path, place.Position, text);
                record = JsonRecord.Parse(text, _path, place.Part);
            }

            visit(i, record.Values.AsSpan(Math.Min(place.Offset, record.Values.Length)));
        }
    }

    private delegate void LineVisitor(ReadOnlySpan<byte> line, int number, long position);

    private static void ReadLines(string path, SafeFileHandle handle, LineVisitor visit)
    {
        byte[] buffer = new byte[FirstBufferBytes];
        int held = 0;
        int number = 0;
        long position = 0; // of the first byte of the buffer
        while (true)
        {
            int read = RandomAccess.Read(handle, buffer.AsSpan(held), position + held);
            held += read;
            int used = 0;
            while (buffer.AsSpan(used, held - used).IndexOf((byte)'\n') is >= 0 and int length)
            {
                Take(buffer.AsSpan(used, length), position + used);
                used += length + 1;
            }

            if (read == 0)
            {
                if (held > used) Take(buffer.AsSpan(used, held - used), position + used);
                return;
            }

            buffer.AsSpan(used, held - used).CopyTo(buffer);
            position += used;
            held -= used;
            if (held < buffer.Length) continue;
            if (held >= LineLimitBytes) throw CalibrationFailure.Error(path, $"line {number + 1} is longer than {LineLimitBytes} bytes");
            Array.Resize(ref buffer, buffer.Length * 2);
        }

        void Take(ReadOnlySpan<byte> line, long start)
        {
            number++;
            if (line.TrimStart(" \t\r"u8).Length > 0) visit(line, number, start);
        }
    }
}
