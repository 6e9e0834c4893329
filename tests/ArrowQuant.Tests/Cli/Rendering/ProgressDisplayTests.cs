using ArrowQuant.Cli.Rendering;
using ArrowQuant.Reporting;

namespace ArrowQuant.Tests.Cli.Rendering;

public sealed class ProgressDisplayTests : IDisposable
{
    private const string Erase = "\r\u001b[K";
    private readonly FakeClock _clock = new();
    private readonly StringWriter _writer = new();

    public void Dispose() => _writer.Dispose();

    [Fact]
    public void Report_OnATerminal_DrawsABarInPlace()
    {
        using ProgressDisplay display = Terminal(width: 200);
        _clock.Advance(1);
        display.Report(At(25, elapsed: 10));
        Assert.Equal(
            Erase + "INT4 ━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌  25%  25/100 layers  2.50 GB/s  0:10 elapsed  0:30 left  layer25", _writer.ToString());
    }

    [Fact]
    public void Report_ManyOnATerminal_RedrawsAtMostTenTimesASecond()
    {
        using ProgressDisplay display = Terminal(width: 200);
        _clock.Advance(0.5);
        for (int i = 0; i < 90; i++)
        {
            display.Report(At(i, elapsed: 1));
            _clock.Advance(0.001);
        }

        Assert.Equal(1, Count(_writer.ToString(), Erase));
    }

    [Fact]
    public void Tick_OnATerminal_KeepsTheTimeMoving()
    {
        using ProgressDisplay display = Terminal(width: 200);
        _clock.Advance(0.5);
        display.Report(At(50, elapsed: 10));
        _clock.Advance(3);
        Assert.Contains("0:12 elapsed", _writer.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Report_NarrowTerminal_NeverReachesTheLastColumn()
    {
        using ProgressDisplay display = Terminal(width: 40);
        _clock.Advance(1);
        display.Report(At(25, elapsed: 10));
        Assert.Equal(39, _writer.ToString().Length - Erase.Length);
    }

    [Fact]
    public void Dispose_OnATerminal_RemovesTheBar()
    {
        ProgressDisplay display = Terminal(width: 80);
        display.Report(At(100, elapsed: 10));
        display.Dispose();
        Assert.EndsWith(Erase, _writer.ToString(), StringComparison.Ordinal);
        display.Report(At(100, elapsed: 10));
        Assert.EndsWith(Erase, _writer.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Warning_WhileABarIsShown_GoesAboveIt()
    {
        DiagnosticOutput output = new(_writer, new(true, false, 80));
        output.Status("bar");
        output.Warning("careful");
        Assert.Equal($"{Erase}bar{Erase}warning: careful\nbar", _writer.ToString());
    }

    [Fact]
    public void Report_NotATerminal_PrintsLinesAtMostEveryFiveSeconds()
    {
        using ProgressDisplay display = new(new(_writer, TerminalTraits.Plain), _clock);
        for (int i = 0; i <= 12; i++)
        {
            display.Report(At(i, elapsed: i));
            _clock.Advance(1);
        }

        Assert.Equal(
            [
                "progress: INT4 5%  5/100 layers  1.00 GB/s  0:05 elapsed  1:35 left",
                "progress: INT4 10%  10/100 layers  1.00 GB/s  0:10 elapsed  1:30 left",
            ],
            _writer.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.DoesNotContain('\u001b', _writer.ToString());
        Assert.DoesNotContain('\r', _writer.ToString());
    }

    [Fact]
    public void Silence_NotATerminal_GivesASignOfLifeEveryThirtySeconds()
    {
        using ProgressDisplay display = new(new(_writer, TerminalTraits.Plain), _clock);
        display.Report(At(1, elapsed: 1));
        _clock.Advance(29);
        Assert.Empty(_writer.ToString());
        _clock.Advance(61);
        Assert.Equal(3, Count(_writer.ToString(), "progress: INT4 1%  1/100 layers"));
        Assert.Contains("1:31 elapsed", _writer.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Report_LaterAttempt_SaysSo()
    {
        string text = ProgressText.Milestone(At(0, elapsed: 0) with { BitWidth = 8, Attempt = 3 }, TimeSpan.Zero);
        Assert.Equal("progress: INT8 (attempt 3) 0%  0/100 layers  0.00 GB/s  0:00 elapsed  -:-- left", text);
    }

    [Fact]
    public void Report_AllDone_Says100PercentAndDone() =>
        Assert.Contains(
            " 100%  100/100 layers  10.00 GB/s  0:10 elapsed  done",
            ProgressText.Bar(At(100, 10), TimeSpan.FromSeconds(10)),
            StringComparison.Ordinal);

    [Fact]
    public void Report_EmptyModel_DoesNotDivideByZero() => Assert.Contains(
        " 0%  0/0 layers",
        ProgressText.Milestone(At(0, 0) with { LayersTotal = 0, BytesTotal = 0 }, TimeSpan.Zero),
        StringComparison.Ordinal);

    [Fact]
    public void Report_BrokenWriter_NeverThrows()
    {
        using ProgressDisplay display = new(new(new BrokenWriter(), new(true, true, 80)), _clock);
        display.Report(At(100, elapsed: 10));
        _clock.Advance(5);
        display.Report(At(100, elapsed: 10));
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    private static QuantizationProgress At(int layers, double elapsed) => new()
    {
        BitWidth = 4,
        Attempt = 1,
        LayersDone = layers,
        LayersTotal = 100,
        BytesDone = layers * 1_000_000_000L,
        BytesTotal = 100_000_000_000L,
        Elapsed = TimeSpan.FromSeconds(elapsed),
        CurrentLayer = $"layer{layers}",
    };

    private ProgressDisplay Terminal(int width) => new(new(_writer, new(true, true, width)), _clock);

    private sealed class BrokenWriter : StringWriter
    {
        public override void Write(string? value) => throw new IOException("the terminal is gone");
    }
}
