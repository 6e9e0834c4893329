using System.Text;
using ArrowQuant.Errors;
using Microsoft.Win32.SafeHandles;

namespace ArrowQuant.Sources.Onnx;

/// <summary>
/// A file of protobuf, read in place: weights stay where they are. <see cref="Read"/> is thread-safe; <see cref="FieldsOf"/> shares a
/// window on the file and is not.
/// </summary>
internal sealed class WireFile : IDisposable
{
    /// <summary>The most bytes that a name may have.</summary>
    public const int TextLimit = 1 << 16;

    private const int WindowBytes = 1 << 16;

    // Ten bytes of seven bits hold 64.
    private const int VarintBytes = 10;

    private readonly SafeFileHandle _handle;
    private readonly byte[] _window = new byte[WindowBytes];
    private long _windowStart;
    private int _windowLength;

    private WireFile(string path, SafeFileHandle handle)
    {
        Path = path;
        _handle = handle;
        Length = RandomAccess.GetLength(handle);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Its bytes.</summary>
    public long Length { get; }

    /// <summary>The whole file.</summary>
    public WireSpan All => new(0, Length);

    /// <summary>Opens a file.</summary>
    /// <exception cref="ModelNotFoundException">There is no such file.</exception>
    /// <exception cref="ResourceException">It cannot be read.</exception>
    public static WireFile Open(string path) => new(path, ModelFile.OpenHandle(path));

    /// <summary>The fields of a message, in stored order.</summary>
    /// <exception cref="ModelFormatException">The bytes are no protobuf message.</exception>
    public IEnumerable<WireField> FieldsOf(WireSpan message)
    {
        long at = message.Offset;
        while (at < message.End)
        {
            long start = at;
            ulong tag = Varint(ref at, message.End);
            ulong number = tag >> 3;
            if (number is 0 or > int.MaxValue >> 3) throw Broken(start, $"field number {number}");
            WireField field = (tag & 7) switch
            {
                0 => new WireField((int)number, WireType.Varint, Varint(ref at, message.End), default, default),
                1 => Fixed((int)number, WireType.Fixed64, at, message.End),
                2 => Bytes((int)number, ref at, message.End),
                5 => Fixed((int)number, WireType.Fixed32, at, message.End),
                _ => throw Broken(start, $"wire type {tag & 7}"),
            };
            at = field.Type == WireType.Varint ? at : field.Content.End;
            yield return field with { Whole = new WireSpan(start, at - start) };
        }
    }

    /// <summary>The numbers of a repeated field, packed or not.</summary>
    /// <param name="field">The field.</param>
    /// <param name="unpacked">How a single number is stored.</param>
    /// <exception cref="ModelFormatException">The bytes are not such numbers.</exception>
    public IEnumerable<ulong> NumbersOf(WireField field, WireType unpacked)
    {
        if (field.Type == unpacked)
        {
            yield return field.Value;
            yield break;
        }

        if (field.Type != WireType.Bytes) throw Broken(field.Whole.Offset, $"wire type {field.Type} for numbers");
        long at = field.Content.Offset;
        while (at < field.Content.End)
        {
            if (unpacked == WireType.Varint)
            {
                yield return Varint(ref at, field.Content.End);
                continue;
            }

            WireField number = Fixed(field.Number, unpacked, at, field.Content.End);
            at = number.Content.End;
            yield return number.Value;
        }
    }

    /// <summary>The text of a field.</summary>
    /// <exception cref="ModelFormatException">The field holds no text, or more than <see cref="TextLimit"/> bytes.</exception>
    public string TextOf(WireField field)
    {
        WireSpan span = Require(field);
        if (span.Length > TextLimit) throw Broken(span.Offset, $"a text of {span.Length} bytes, more than {TextLimit}");
        byte[] bytes = new byte[span.Length];
        Read(span.Offset, bytes);
        try
        {
            return new UTF8Encoding(false, true).GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw ModelFault.Of(Path, $"the text at byte {span.Offset} is not UTF-8; the file is corrupt or not ONNX", cause: e);
        }
    }

    /// <summary>The bytes of a field that holds bytes, text or a message.</summary>
    /// <exception cref="ModelFormatException">It holds a number.</exception>
    public WireSpan Require(WireField field) => field.Type == WireType.Bytes
        ? field.Content
        : throw Broken(field.Whole.Offset, $"a number in field {field.Number}");

    /// <summary>Fills <paramref name="destination"/> from <paramref name="position"/> on.</summary>
    /// <exception cref="ModelFormatException">The file ends before.</exception>
    /// <exception cref="ResourceException">The file cannot be read.</exception>
    public void Read(long position, Span<byte> destination, string? tensor = null) =>
        ModelFile.ReadExactly(_handle, Path, position, destination, tensor);

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private WireField Bytes(int number, ref long at, long end)
    {
        long start = at;
        ulong length = Varint(ref at, end);
        if (length > (ulong)(end - at)) throw Broken(start, $"a length of {length} bytes, {end - at} are left");
        return new WireField(number, WireType.Bytes, 0, new WireSpan(at, (long)length), default);
    }

    private WireField Fixed(int number, WireType type, long at, long end)
    {
        int size = type == WireType.Fixed32 ? sizeof(uint) : sizeof(ulong);
        if (size > end - at) throw Broken(at, $"a number of {size} bytes, {end - at} are left");
        Span<byte> bytes = stackalloc byte[size];
        for (int i = 0; i < size; i++) bytes[i] = ByteAt(at + i);
        return new WireField(number, type, WireField.FixedOf(bytes), new WireSpan(at, size), default);
    }

    private ulong Varint(ref long at, long end)
    {
        ulong value = 0;
        long start = at;
        for (int i = 0; i < VarintBytes && at < end; i++)
        {
            byte next = ByteAt(at++);
            value |= (ulong)(next & 0x7F) << (7 * i);
            if (next < 0x80) return value;
        }

        throw Broken(start, "an integer that does not end");
    }

    private byte ByteAt(long position)
    {
        if (position < _windowStart || position >= _windowStart + _windowLength)
        {
            _windowLength = (int)Math.Min(WindowBytes, Length - position);
            _windowStart = position;
            Read(position, _window.AsSpan(0, _windowLength));
        }

        return _window[position - _windowStart];
    }

    private ModelFormatException Broken(long position, string found) => ModelFault.Of(
        Path, $"found {found} at byte {position}, expected a protobuf message; the file is truncated, corrupt or not ONNX");
}
