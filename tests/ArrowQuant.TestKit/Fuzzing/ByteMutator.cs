using System.Buffers.Binary;
using System.Text;

namespace ArrowQuant.TestKit.Fuzzing;

/// <summary>
/// Changes bytes as accidents and liars do: flipped bits, extreme bytes and fields, cut, inserted, doubled and missing ranges, numbers in
/// text replaced by extreme ones, pieces of syntax where none belongs. The same random numbers give the same bytes.
/// </summary>
public static class ByteMutator
{
    private static readonly byte[] ExtremeBytes = [0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF];

    private static readonly long[] ExtremeFields =
    [
        0, 1, -1, 2, 127, 128, 255, 256, short.MaxValue, ushort.MaxValue, int.MaxValue, int.MinValue, uint.MaxValue, 1L << 32, 1L << 40,
        long.MaxValue, long.MinValue, long.MaxValue / 2, 100_000_000, 1_000_000,
    ];

    private static readonly byte[][] ExtremeNumbers = Texts(
        "0", "1", "-1", "-0", "00", "1e999", "-1e-999", "1e3", "0.5", "NaN", "null", "127", "256", "65536", "2147483647", "2147483648",
        "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551616", "99999999999999999999999999");

    private static readonly byte[][] Pieces = Texts(
        "{", "}", "[", "]", "\"", ",", ":", "\\u0000", "\\ud800", "\\", "../", "/", "//", "\n", "\r", "\t", " ", "\u001b[31m", "null",
        "true", "{}", "[]", "\"\"", "&a ", "*a", "<<: ", "- ", "? ", "!!int ", "|", ">", "%", "# ", "---\n", "\u2028", "\u00e9",
        "[[[[[[[[[[[[[[[[", "{\"a\":{\"a\":{\"a\":{\"a\":");

    /// <summary>A changed copy.</summary>
    /// <param name="random">Chooses the changes; 1 to 5 of them, mostly few.</param>
    /// <param name="content">The valid bytes.</param>
    /// <param name="donor">Other bytes, of which pieces may be copied in.</param>
    public static byte[] Mutate(SeededRandom random, ReadOnlySpan<byte> content, ReadOnlySpan<byte> donor)
    {
        byte[] bytes = content.ToArray();
        int changes = 1;
        while (changes < 5 && random.NextInteger(2) == 0) changes++;
        for (int i = 0; i < changes; i++) bytes = Change(random, bytes, donor);
        return bytes;
    }

    private static byte[] Change(SeededRandom random, byte[] bytes, ReadOnlySpan<byte> donor)
    {
        if (bytes.Length == 0) return [.. Pick(random, Pieces)];
        int at = random.NextInteger(bytes.Length);
        switch (random.NextInteger(14))
        {
            case 0 or 1:
                bytes[at] ^= (byte)(1 << random.NextInteger(8));
                return bytes;
            case 2:
                bytes[at] = (byte)random.NextBits();
                return bytes;
            case 3:
                bytes[at] = ExtremeBytes[random.NextInteger(ExtremeBytes.Length)];
                return bytes;
            case 4 or 5:
                return WriteField(random, bytes, at);
            case 6:
                return Splice(bytes, at, WidthAt(random, bytes, at), LongNumber(random));
            case 7:
                return random.NextInteger(4) == 0 ? bytes[..at] : Splice(bytes, at, Length(random, bytes, at), []);
            case 8:
                return Splice(bytes, at, 0, RandomBytes(random));
            case 9:
                return Splice(bytes, random.NextInteger(bytes.Length), 0, bytes.AsSpan(at, Length(random, bytes, at)).ToArray());
            case 10 or 11:
                return ReplaceNumber(random, bytes, at);
            case 12:
                return Splice(bytes, at, random.NextInteger(2), Pick(random, Pieces));
            default:
                return CopyFrom(random, bytes, at, donor);
        }
    }

    private static byte[] WriteField(SeededRandom random, byte[] bytes, int at)
    {
        long value = random.NextInteger(4) == 0
            ? bytes.Length - 4 + random.NextInteger(9)
            : ExtremeFields[random.NextInteger(ExtremeFields.Length)];
        Span<byte> field = stackalloc byte[8];
        if (random.NextInteger(8) == 0) BinaryPrimitives.WriteInt64BigEndian(field, value);
        else BinaryPrimitives.WriteInt64LittleEndian(field, value);
        int width = Math.Min(1 << (1 + random.NextInteger(3)), bytes.Length - at);
        field[..width].CopyTo(bytes.AsSpan(at));
        return bytes;
    }

    // A number of many seven-bit bytes, as Thrift and protocol buffers write lengths.
    private static byte[] LongNumber(SeededRandom random)
    {
        byte[] number = new byte[1 + random.NextInteger(10)];
        number.AsSpan().Fill(0xFF);
        number[^1] = (byte)(random.NextBits() & 0x7F);
        return number;
    }

    private static int WidthAt(SeededRandom random, byte[] bytes, int at) => Math.Min(random.NextInteger(3), bytes.Length - at);

    private static int Length(SeededRandom random, byte[] bytes, int at)
    {
        int most = Math.Min(bytes.Length - at, random.NextInteger(3) == 0 ? bytes.Length : 16);
        return 1 + random.NextInteger(most);
    }

    private static byte[] RandomBytes(SeededRandom random)
    {
        byte[] inserted = new byte[1 + random.NextInteger(12)];
        bool repeated = random.NextInteger(2) == 0;
        byte value = (byte)random.NextBits();
        for (int i = 0; i < inserted.Length; i++) inserted[i] = repeated ? value : (byte)random.NextBits();
        return inserted;
    }

    private static byte[] ReplaceNumber(SeededRandom random, byte[] bytes, int from)
    {
        int start = bytes.AsSpan(from).IndexOfAnyInRange((byte)'0', (byte)'9');
        if (start < 0) return WriteField(random, bytes, from);
        start += from;
        int end = start;
        while (end < bytes.Length && char.IsAsciiDigit((char)bytes[end])) end++;
        return Splice(bytes, start, end - start, Pick(random, ExtremeNumbers));
    }

    private static byte[] CopyFrom(SeededRandom random, byte[] bytes, int at, ReadOnlySpan<byte> donor)
    {
        if (donor.IsEmpty) return bytes;
        int from = random.NextInteger(donor.Length);
        int count = 1 + random.NextInteger(Math.Min(donor.Length - from, 64));
        return Splice(bytes, at, random.NextInteger(2) == 0 ? 0 : Math.Min(count, bytes.Length - at), donor.Slice(from, count).ToArray());
    }

    private static byte[] Splice(byte[] bytes, int at, int removed, ReadOnlySpan<byte> inserted) =>
        [.. bytes.AsSpan(0, at), .. inserted, .. bytes.AsSpan(at + removed)];

    private static byte[] Pick(SeededRandom random, byte[][] choices) => choices[random.NextInteger(choices.Length)];

    private static byte[][] Texts(params ReadOnlySpan<string> texts)
    {
        byte[][] bytes = new byte[texts.Length][];
        for (int i = 0; i < bytes.Length; i++) bytes[i] = Encoding.UTF8.GetBytes(texts[i]);
        return bytes;
    }
}
