using ArrowQuant.Errors;
using ArrowQuant.Storage;
using ArrowQuant.Tests.Cli;

namespace ArrowQuant.Tests.Storage;

/// <summary>The journal keeps what was written whole, and nothing else.</summary>
public sealed class BlockJournalTests
{
    private const int Records = 5;

    [Fact]
    public void Open_AfterClosing_HasEveryRecord()
    {
        using StorageFolder folder = new();
        Fill(folder["j"]);
        using BlockJournal journal = BlockJournal.Open(folder["j"]);
        Assert.Equal((Records, 0L), (journal.Count, journal.TornBytes));
        for (int i = 0; i < Records; i++) Assert.Equal(Content(i), journal.TryRead((UInt128)i));
        Assert.Null(journal.TryRead(99));
    }

    /// <summary>A journal that is cut at any byte has the records in front of the cut, and goes on from there.</summary>
    [Fact]
    public void Open_CutAnywhere_HasTheWholeRecordsAndGoesOn()
    {
        using StorageFolder folder = new();
        long[] ends = Fill(folder["j"]);
        byte[] whole = File.ReadAllBytes(folder["j"]);
        for (int cut = 0; cut < whole.Length; cut++)
        {
            File.WriteAllBytes(folder["cut"], whole[..cut]);
            int expected = ends.Count(end => end <= cut);
            using (BlockJournal journal = BlockJournal.Open(folder["cut"]))
            {
                Assert.Equal(expected, journal.Count);
                journal.Append(77, [Content(7)]);
            }

            using BlockJournal again = BlockJournal.Open(folder["cut"]);
            Assert.Equal((expected + 1, 0L), (again.Count, again.TornBytes));
            Assert.Equal(Content(7), again.TryRead(77));
        }
    }

    /// <summary>A changed byte anywhere in a record drops that record and all behind it: what a power cut leaves is not trusted.</summary>
    [Fact]
    public void Open_AnyByteChanged_DropsThatRecordAndWhatFollows()
    {
        using StorageFolder folder = new();
        long[] ends = Fill(folder["j"]);
        byte[] whole = File.ReadAllBytes(folder["j"]);
        for (int place = 16; place < whole.Length; place++)
        {
            byte[] changed = [.. whole];
            changed[place] ^= 0x40;
            File.WriteAllBytes(folder["changed"], changed);
            using BlockJournal journal = BlockJournal.Open(folder["changed"]);
            int expected = ends.Count(end => end <= place);
            Assert.Equal(expected, journal.Count);
            Assert.Equal(whole.Length - (expected == 0 ? 16 : ends[expected - 1]), journal.TornBytes);
        }
    }

    /// <summary>Two seconds after the last time the next record brings all before it to the disk; until then nothing is promised.</summary>
    [Fact]
    public void Append_TwoSecondsPassed_BringsRecordsToTheDisk()
    {
        using StorageFolder folder = new();
        FakeClock clock = new();
        using BlockJournal journal = BlockJournal.Open(folder["j"], null, clock);
        Assert.Equal(16, journal.OnDisk);
        journal.Append(1, [Content(1)]);
        clock.Advance(1.9);
        journal.Append(2, [Content(2)]);
        Assert.Equal(16, journal.OnDisk);
        clock.Advance(0.1);
        journal.Append(3, [Content(3)]);
        Assert.Equal(new FileInfo(folder["j"]).Length, journal.OnDisk);
    }

    /// <summary>However little time passes, never more than 64 MiB are written and not on the disk.</summary>
    [Fact]
    public void Append_MuchAtOnce_LeavesAtMost64MiBToChance()
    {
        using StorageFolder folder = new();
        using BlockJournal journal = BlockJournal.Open(folder["j"], null, new FakeClock());
        byte[] content = new byte[20 << 20];
        List<long> onDisk = [];
        for (int i = 0; i < 8; i++)
        {
            journal.Append((UInt128)i, [content]);
            long length = new FileInfo(folder["j"]).Length;
            Assert.InRange(length - journal.OnDisk, 0, (64L << 20) - 1);
            onDisk.Add(journal.OnDisk);
        }

        Assert.Equal(3, onDisk.Distinct().Count()); // the mark, and every fourth record
    }

    /// <summary>What a power cut leaves at the end of the file, zeros or the noise of old blocks, is dropped wherever it begins.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Open_TailOfZerosOrNoiseFromAnyByte_HasTheWholeRecordsBefore(bool noise)
    {
        using StorageFolder folder = new();
        long[] ends = Fill(folder["j"]);
        byte[] whole = File.ReadAllBytes(folder["j"]);
        byte[] rest = new byte[whole.Length];
        if (noise) new Random(3).NextBytes(rest);
        for (int place = 16; place < whole.Length; place++)
        {
            File.WriteAllBytes(folder["torn"], [.. whole[..place], .. rest[place..]]);
            using BlockJournal journal = BlockJournal.Open(folder["torn"]);
            // Zeros that were zeros change nothing.
            int untouched = whole.AsSpan(place).CommonPrefixLength(rest.AsSpan(place)) + place;
            Assert.Equal(ends.Count(end => end <= untouched), journal.Count);
            for (int i = 0; i < journal.Count; i++) Assert.Equal(Content(i), journal.TryRead((UInt128)i));
        }
    }

    [Fact]
    public void Open_FileOfAnother_IsRefusedAndLeftAlone()
    {
        using StorageFolder folder = new();
        File.WriteAllText(folder["j"], "notes of a user, longer than the mark");
        ResourceException e = Assert.Throws<ResourceException>(() => BlockJournal.Open(folder["j"]));
        Assert.StartsWith($"{folder["j"]}: is in the way of the finished blocks", e.Message, StringComparison.Ordinal);
        Assert.StartsWith("notes of a user", File.ReadAllText(folder["j"]), StringComparison.Ordinal);
        Assert.False(BlockJournal.Exists(folder["j"]));
    }

    /// <summary>A write that fails is an error with the path; what was there stays, and the next write takes its place.</summary>
    [Fact]
    public void Append_WriteFails_LosesThatRecordOnly()
    {
        using StorageFolder folder = new();
        bool fails = false;
        using (BlockJournal journal = BlockJournal.Open(folder["j"], _ =>
        {
            if (fails) throw new IOException("no space");
        }))
        {
            journal.Append(1, [Content(1)]);
            fails = true;
            ResourceException e = Assert.Throws<ResourceException>(() => journal.Append(2, [Content(2)]));
            Assert.StartsWith($"{folder["j"]}: cannot be written: no space", e.Message, StringComparison.Ordinal);
            fails = false;
            journal.Append(3, [Content(3)]);
            Assert.Null(journal.TryRead(2));
        }

        using BlockJournal again = BlockJournal.Open(folder["j"]);
        Assert.Equal((2, 0L), (again.Count, again.TornBytes));
        Assert.Equal(Content(3), again.TryRead(3));
    }

    // The place at which each record ends.
    private static long[] Fill(string path)
    {
        List<long> ends = [];
        using BlockJournal journal = BlockJournal.Open(path);
        for (int i = 0; i < Records; i++)
        {
            byte[] content = Content(i);
            journal.Append((UInt128)i, [content.AsMemory(0, content.Length / 2), content.AsMemory(content.Length / 2)]);
            ends.Add(new FileInfo(path).Length);
        }

        return [.. ends];
    }

    private static byte[] Content(int record) => [.. Enumerable.Range(0, 7 * record).Select(i => (byte)(i * 31 + record))];
}
