using ArrowQuant.Errors;
using ArrowQuant.TestKit;
using ArrowQuant.TestKit.Fuzzing;

namespace ArrowQuant.Tests.Fuzzing;

/// <summary>
/// The first inputs of the campaign that docs/reliability.md tells of; they are the same on every machine and in every run.
/// </summary>
[Trait("Category", "Fuzz")]
public sealed class ReaderFuzzTests
{
    private const ulong Seed = 1;

    public static TheoryData<string> Readers => [.. FuzzTargets.Names];

    [Theory]
    [MemberData(nameof(Readers))]
    public void Run_FirstInputs_EachIsReadOrRefused(string reader)
    {
        int inputs = reader.StartsWith("artefact-", StringComparison.Ordinal) ? 100 : 1000;
        using FuzzTarget target = FuzzTargets.Create(reader);

        FuzzResult result = FuzzCampaign.Run(target, Seed, 0, inputs, isAlone: false);

        Assert.True(result.Failed == 0, string.Join('\n', result.Findings));
        Assert.Equal(inputs, result.Inputs);
        Assert.InRange(result.Accepted, inputs / 100, reader == "artefact-report" ? inputs : inputs - (inputs / 10));
    }

    [Fact]
    public void Input_SameSeedAndNumber_IsTheSame()
    {
        using FuzzTarget target = FuzzTargets.Create("safetensors");
        using FuzzTarget other = FuzzTargets.Create("safetensors");

        Assert.All(Enumerable.Range(0, 50), number => Assert.Equal(target.Input(3, number), other.Input(3, number)));
        Assert.NotEqual(target.Input(3, 1), target.Input(3, 2));
        Assert.NotEqual(target.Input(3, 1), target.Input(4, 1));
    }

    [Theory]
    [InlineData("InvalidOperationException", 0, typeof(InvalidOperationException))]
    [InlineData("NullReferenceException", 0, typeof(NullReferenceException))]
    [InlineData("one printable line", 0, null)]
    [InlineData("allocated", 100 << 20, null)]
    public void Run_ReaderThatDoesWhatItMustNot_IsFound(string expected, int allocate, Type? thrown)
    {
        int read = 0;
        using FuzzTarget target = new("bad", new TempFolder(), "file", [FuzzSeed.Whole([1, 2, 3])], _ =>
        {
            if (read++ == 0) return; // the valid file
            if (allocate > 0) GC.KeepAlive(new byte[allocate]);
            else throw thrown is null ? new BadlyWorded() : (Exception)Activator.CreateInstance(thrown)!;
        });

        FuzzResult result = FuzzCampaign.Run(target, 1, 0, 10, isAlone: false);

        Assert.Equal((10, 0), (result.Failed, allocate > 0 ? 0 : result.Accepted));
        FuzzFinding finding = Assert.Single(result.Findings);
        Assert.Contains(expected, finding.ToString(), StringComparison.Ordinal);
        Assert.StartsWith("bad: seed 1, input 0: ", finding.ToString(), StringComparison.Ordinal);
    }

    private sealed class BadlyWorded() : ArrowQuantException("words", null)
    {
        public override string Kind => "test";

        public override string Message => "two\nlines";
    }
}
