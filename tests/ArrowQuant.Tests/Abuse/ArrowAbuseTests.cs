using System.Buffers.Binary;
using ArrowQuant.Calibration;
using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Tests.Calibration;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Abuse;

/// <summary>
/// One Arrow file for each lie that its messages can tell. Before they were checked some of these took gigabytes or minutes.
/// </summary>
public sealed class ArrowAbuseTests
{
    private const int RowsOfBatch = 17;

    [Fact]
    public void Open_MetadataLongerThanTheFile_IsRefused()
    {
        // A stream begins with the mark of a message and the length of its metadata.
        string message = FailureOf("arrows", bytes => BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), int.MaxValue));
        Assert.Contains("a message at byte 0 claims 2147483647 bytes of metadata", message);
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(1L << 31)]
    [InlineData(-1)]
    public void Open_BatchOfMoreRowsThanBytes_IsRefused(long rows)
    {
        string message = FailureOf("arrow", bytes => ReplaceNumbers(bytes, RowsOfBatch, rows));
        Assert.Contains($"{rows} rows or values, expected at most ", message);
    }

    [Fact]
    public void Open_BufferBehindTheBody_IsRefused()
    {
        // Timesteps of a batch: 17 numbers of 8 bytes, padded to a multiple of 64.
        const int Timesteps = 192;
        string message = FailureOf("arrow", bytes => ReplaceNumbers(bytes, Timesteps, 1L << 40));
        Assert.Contains("of 1099511627776 bytes among ", message);
    }

    [Fact]
    public void Open_IndexLongerThanTheFile_IsRefused()
    {
        string message = FailureOf("arrow", bytes => BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(bytes.Length - 10), int.MaxValue));
        Assert.Contains("it claims an index of 2147483647 bytes in ", message);
    }

    [Fact]
    public void Open_IndexOfNoise_IsReadWithoutIt()
    {
        using ModelFiles files = new();
        string path = CalibrationFixture.Create(("a", 3)).Write(files, "arrow");
        byte[] bytes = File.ReadAllBytes(path);
        int index = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(bytes.Length - 10));
        bytes.AsSpan(bytes.Length - 10 - index, index).Fill(0xFF);
        File.WriteAllBytes(path, bytes);

        CalibrationData data = CalibrationData.Open([path], named: true, new DiffusionQuantConfig(), null)!;
        using LayerCalibration? layer = data.Load("a", 3, out _);

        Assert.NotNull(layer);
    }

    private static void ReplaceNumbers(byte[] bytes, long number, long by)
    {
        for (int at = 0; at <= bytes.Length - sizeof(long); at += sizeof(int))
        {
            Span<byte> place = bytes.AsSpan(at, sizeof(long));
            if (BinaryPrimitives.ReadInt64LittleEndian(place) == number) BinaryPrimitives.WriteInt64LittleEndian(place, by);
        }
    }

    private static string FailureOf(string format, Action<byte[]> lie)
    {
        using ModelFiles files = new();
        string path = CalibrationFixture.Create(("a", 3)).Write(files, format);
        byte[] bytes = File.ReadAllBytes(path);
        lie(bytes);
        File.WriteAllBytes(path, bytes);
        CalibrationException e = Assert.Throws<CalibrationException>(
            () => CalibrationData.Open([path], named: true, new DiffusionQuantConfig(), null));
        Assert.Equal(path, e.FilePath);
        return e.Message;
    }
}
