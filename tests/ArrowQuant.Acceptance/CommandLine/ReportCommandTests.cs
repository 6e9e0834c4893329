using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using ArrowQuant.Acceptance.Support;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.CommandLine;

public sealed partial class ReportCommandTests(TestModels models)
{
    private string Artefact => models.Once("report-of-gaussian", folder =>
    {
        string[] arguments =
        [
            "quantize", models.Gaussian(ModelForm.Safetensors), "-o", folder, "--quiet", "--bit-width", "2", "--group-size", "64",
            "--bits", @"blocks\.1\..*=8", "--exclude", ".*fc1.*",
        ];
        Assert.Equal(0, Tool.RunAsync(arguments).GetAwaiter().GetResult().ExitCode);
        return folder;
    });

    [Fact]
    public async Task Report_Artefact_IsOneFileWithTheSameBytesEachTime()
    {
        using TempFolder folder = new();
        string page = folder.PathOf("report.html");
        ToolRun run = await Tool.RunAsync(["report", Artefact, "-o", page]);
        Assert.Equal((0, $"written: {page}\n", ""), (run.ExitCode, run.Output, run.Error));
        Assert.Equal([page], Directory.GetFileSystemEntries(folder.FullName));

        ToolRun printed = await Tool.RunAsync(["report", Artefact, "-o", "-"]);
        Assert.Equal((0, ""), (printed.ExitCode, printed.Error));
        Assert.Equal(await File.ReadAllTextAsync(page, TestContext.Current.CancellationToken), printed.Output);
        Assert.StartsWith("<!doctype html>\n", printed.Output, StringComparison.Ordinal);
        Assert.EndsWith("</html>\n", printed.Output, StringComparison.Ordinal);

        ToolRun json = await Tool.RunAsync(["report", Artefact, "-o", page, "--force", "--json"]);
        Assert.Equal(page, JsonDocument.Parse(json.Output).RootElement.GetProperty("path").GetString());
    }

    [Fact]
    public async Task Report_Steps_GiveTheSameShardsAgain()
    {
        using TempFolder folder = new();
        string page = (await Tool.RunAsync(["report", Artefact, "-o", "-"])).Output;
        string[] steps = [.. Step().Matches(page).Select(step => WebUtility.HtmlDecode(step.Groups[1].Value))];
        Assert.Equal(4, steps.Length);
        string yaml = folder.PathOf("quant.yaml");
        await File.WriteAllTextAsync(yaml, steps[0], TestContext.Current.CancellationToken);
        string[] words = [.. steps[1].Split(' ').Select(word => word switch
        {
            "again" => folder.PathOf("again"),
            "quant.yaml" => yaml,
            _ => word,
        })];
        Assert.Equal("arrowquant", words[0]);
        Assert.Equal(0, (await Tool.RunAsync([.. words[1..], "--quiet"])).ExitCode);
        string[] listed = steps[2].Trim().Split("  ");
        Assert.Equal(ArtefactForgery.HashOf(File.ReadAllBytes(folder.PathOf("again", listed[1]))), listed[0]);
        Assert.Equal(0, (await Tool.RunAsync(steps[3].Split(' ')[1..])).ExitCode);
    }

    [Fact]
    public async Task Report_FileThatExists_IsRefusedUnlessForced()
    {
        using TempFolder folder = new();
        string page = folder.PathOf("report.html");
        await File.WriteAllTextAsync(page, "mine", TestContext.Current.CancellationToken);
        ToolRun refused = await Tool.RunAsync(["report", Artefact, "-o", page]);
        Assert.Equal((5, ""), (refused.ExitCode, refused.Output));
        Assert.Equal($"error: {page} exists; name another file with -o, or overwrite it with --force\n", refused.Error);
        Assert.Equal("mine", await File.ReadAllTextAsync(page, TestContext.Current.CancellationToken));
        Assert.Equal(0, (await Tool.RunAsync(["report", Artefact, "-o", page, "--force"])).ExitCode);
        Assert.StartsWith("<!doctype", await File.ReadAllTextAsync(page, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing", 3, "there is no such folder")]
    [InlineData("model", 3, "is not the metadata of an ArrowQuant artefact")]
    [InlineData("no report", 3, "report.json: this file is missing")]
    [InlineData("edited report", 3, "report.json: has XXH128")]
    [InlineData("resealed report", 3, "does not tell what is stored: report.json: worst_layer")]
    [InlineData("not a report", 3, "is not a report")]
    [InlineData("short shard", 3, "it was cut short or changed")]
    public async Task Report_BadInput_IsOneLineAndNoFile(string what, int exitCode, string message)
    {
        using TempFolder folder = new();
        string input = what switch
        {
            "missing" => folder.PathOf("nothing"),
            "model" => models.Gaussian(ModelForm.Safetensors),
            _ => Damaged(folder.PathOf("damaged"), what),
        };
        string work = folder.CreateFolder("work");
        ToolRun run = await Tool.RunAsync(["report", input, "-o", Path.Combine(work, "report.html")]);
        Assert.Equal((exitCode, ""), (run.ExitCode, run.Output));
        string line = Assert.Single(run.Error.TrimEnd('\n').Split('\n'));
        Assert.Contains(message, line, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(work));
    }

    [Fact]
    public async Task Report_BadUsage_SaysWhatIsMissing()
    {
        ToolRun nothing = await Tool.RunAsync(["report"]);
        Assert.Equal(2, nothing.ExitCode);
        Assert.Contains("DIR is missing; usage: arrowquant report DIR -o FILE", nothing.Error, StringComparison.Ordinal);
        Assert.Contains("--output FILE is missing", nothing.Error, StringComparison.Ordinal);
        ToolRun both = await Tool.RunAsync(["report", Artefact, "-o", "-", "--json"]);
        Assert.Equal(2, both.ExitCode);
        Assert.Contains("the page is on standard output already", both.Output + both.Error, StringComparison.Ordinal);
        using TempFolder folder = new();
        ToolRun nowhere = await Tool.RunAsync(["report", Artefact, "-o", folder.PathOf("no", "such", "report.html")]);
        Assert.Equal(5, nowhere.ExitCode);
        Assert.Contains("cannot be written", nowhere.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.FullName));
    }

    private string Damaged(string copy, string how)
    {
        Directory.CreateDirectory(copy);
        foreach (string file in Directory.GetFiles(Artefact)) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        string report = Path.Combine(copy, "report.json");
        switch (how)
        {
            case "no report":
                File.Delete(report);
                break;
            case "edited report":
                ArtefactForgery.ChangeReport(copy, document => document["compression_ratio"] = 99);
                break;
            case "resealed report":
                ArtefactForgery.ChangeReport(copy, document => document["worst_layer"]!["value"] = 0.9999);
                ArtefactForgery.Reseal(copy);
                break;
            case "not a report":
                File.WriteAllText(report, "{}");
                string metadata = Path.Combine(copy, "metadata.json");
                string line = $"\"report_xxh128\": \"{ArtefactForgery.HashOf("{}"u8)}\"";
                File.WriteAllText(metadata, HashLine().Replace(File.ReadAllText(metadata), line));
                break;
            default:
                string shard = Directory.GetFiles(copy, "*.parquet").Single();
                File.WriteAllBytes(shard, File.ReadAllBytes(shard)[..^100]);
                break;
        }

        return copy;
    }

    [GeneratedRegex("<pre>(.*?)</pre>", RegexOptions.Singleline)]
    private static partial Regex Step();

    [GeneratedRegex("\"report_xxh128\": \"[0-9a-f]+\"")]
    private static partial Regex HashLine();
}
