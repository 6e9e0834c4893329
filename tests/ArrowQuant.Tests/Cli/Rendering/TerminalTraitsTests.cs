using ArrowQuant.Cli.Rendering;

namespace ArrowQuant.Tests.Cli.Rendering;

public sealed class TerminalTraitsTests
{
    [Fact]
    public void Of_AnyOtherWriter_IsPlain() =>
        Assert.Equal(TerminalTraits.Plain, TerminalTraits.Of(new StringWriter(), new Dictionary<string, string>()));

    [Theory]
    [InlineData(null, null, true)]
    [InlineData("NO_COLOR", "1", false)]
    [InlineData("NO_COLOR", "", true)]
    [InlineData("TERM", "dumb", false)]
    [InlineData("TERM", "xterm", true)]
    public void OfTerminal_Environment_DecidesColourAndCursor(string? name, string? value, bool expected)
    {
        Dictionary<string, string> environment = name is null ? [] : new() { [name] = value! };
        Assert.Equal(
            expected ? new TerminalTraits(true, true, 80) : TerminalTraits.Plain, TerminalTraits.OfTerminal(environment, () => 80));
    }

    [Fact]
    public void Error_WithColour_ColoursTheLabelOnly()
    {
        StringWriter writer = new();
        new DiagnosticOutput(writer, new(true, true, 80)).Error("bad");
        Assert.Equal("\u001b[31merror:\u001b[0m bad\n", writer.ToString());
    }
}
