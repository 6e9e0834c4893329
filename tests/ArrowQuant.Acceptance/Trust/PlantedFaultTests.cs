using System.Globalization;
using System.Text;
using ArrowQuant.Acceptance.Support;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Trust;

/// <summary>
/// validate as a judge: faults that are planted in good artefacts are found, with hashes as they were and with hashes made to fit.
/// </summary>
public sealed class PlantedFaultTests(FaultLab lab) : IClassFixture<FaultLab>
{
    private const double Threshold = 0.85;

    /// <summary>The names of all faults.</summary>
    public static TheoryData<string> Names => [.. FaultLab.Faults(null).Select(fault => fault.Name)];

    /// <summary>
    /// Purpose: no fault passes. Input: one fault in a good artefact, first with the hashes that the good one had, then with sizes and
    /// hashes made to fit. Expected: exit code 3 each time that the fault can be seen, one error line, and the finding that the fault was
    /// planted for.
    /// </summary>
    [Theory]
    [MemberData(nameof(Names))]
    public async Task Validate_PlantedFault_IsFound(string name)
    {
        FaultOutcome outcome = await lab.OutcomeAsync(name);
        Assert.Equal(3, outcome.WithOriginal.ExitCode);
        Assert.Single(outcome.WithOriginal.Errors);
        Assert.Contains(outcome.Fault.Finding, outcome.WithOriginal.Output + outcome.WithOriginal.Error, StringComparison.Ordinal);
        Assert.Equal(outcome.Fault.IsHashed ? 3 : 0, outcome.ByHash.ExitCode);
        Assert.Equal(outcome.Fault.ContradictsItself ? 3 : 0, outcome.WithoutOriginal.ExitCode);
    }

    /// <summary>
    /// Purpose: a judge that finds fault with everything is none. Input: the artefacts before anything is planted, and rows that were read
    /// and written again without a change. Expected: exit code 0 with and without the original.
    /// </summary>
    [Theory]
    [InlineData("int4")]
    [InlineData("int2")]
    [InlineData("wide")]
    public async Task Validate_GoodArtefact_Passes(string artefact)
    {
        Assert.Equal(0, (await Tool.RunAsync(["validate", lab.Good(artefact)])).ExitCode);
        Assert.Equal(0, (await Tool.RunAsync(["validate", lab.OriginalOf(artefact), lab.Good(artefact)])).ExitCode);

        using TempFolder copy = new();
        foreach (string file in Directory.GetFiles(lab.Good(artefact))) File.Copy(file, copy.PathOf(Path.GetFileName(file)));
        ArtefactForgery.ChangeRows(copy.FullName, _ => { });
        Assert.Equal(ArtefactDecoder.ReadRows(lab.Good(artefact)).Count, ArtefactDecoder.ReadRows(copy.FullName).Count);
        ArtefactForgery.Reseal(copy.FullName);
        ToolRun run = await Tool.RunAsync(["validate", lab.OriginalOf(artefact), copy.FullName]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
    }

    /// <summary>
    /// Purpose: the page tells what is measured. Input: every fault. Expected: the table of docs/reliability.md, and among its rows faults
    /// that a cosine threshold passes.
    /// </summary>
    [Fact]
    public async Task Table_OfTheReliabilityPage_IsWhatIsMeasured()
    {
        StringBuilder table = new();
        table.Append("| fault | hashes as they were | hashes made to fit, with the original | hashes made to fit, without it ");
        table.Append("| cosine of the layer, before and after | mean cosine after | cosine below 0.85: layer, mean |\n");
        table.Append("|---|---|---|---|---|---|---|\n");
        int missed = 0;
        foreach (PlantedFault fault in FaultLab.Faults(null))
        {
            FaultOutcome outcome = await lab.OutcomeAsync(fault.Name);
            string alone = $"{Below(outcome.LayerAfter)}, {Below(outcome.MeanAfter)}";
            if (alone == "no, no") missed++;
            table.Append(CultureInfo.InvariantCulture, $"| {fault.Name} | {Found(outcome.ByHash)} | {Found(outcome.WithOriginal)} ");
            table.Append(CultureInfo.InvariantCulture, $"| {Found(outcome.WithoutOriginal)} | {Cosine(outcome.LayerBefore)} → ");
            table.Append(CultureInfo.InvariantCulture, $"{Cosine(outcome.LayerAfter)} | {Cosine(outcome.MeanAfter)} | {alone} |\n");
        }

        table.Append(CultureInfo.InvariantCulture, $"\n{Names.Count} faults; {missed} of them pass a threshold of 0.85 on cosines.\n");
        Assert.True(missed > 10, $"{missed} faults pass a cosine threshold");
        Assert.Null(GoldenText.Difference("docs/reliability.md", "planted faults", table.ToString()));
    }

    private static string Found(ToolRun run) => run.ExitCode == 0 ? "no" : "found";

    private static string Cosine(double? value) => value?.ToString("0.0000000", CultureInfo.InvariantCulture) ?? "none";

    private static string Below(double? value) => value switch
    {
        null => "no figure",
        double.NaN => "not a number",
        >= Threshold => "no",
        _ => "yes",
    };
}
