using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using ArrowQuant.Cli.Configuration;
using ArrowQuant.Configuration;
using ArrowQuant.Exports.Html;
using ArrowQuant.Pipeline;
using ArrowQuant.Reporting;
using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.Exports.Html;

public sealed partial class HtmlReportTests
{
    private const string Hostile = "</td></table><script>alert(1)</script><img src=x onerror=alert(2)>";

    private static readonly (string Name, long[] Shape)[] HostileLayers =
    [
        ($"blocks.0.{Hostile}.weight", [64, 64]),
        ("blocks.0.\" onmouseover=\"alert(3)\" x='.weight", [64, 64]),
        ("blocks.1.&lt;b&gt;\u202Etxt.weight", [64, 64]),
        ("</style><style>*{display:none}</style>", [64]),
    ];

    [Fact]
    public async Task Render_HostileNames_StayText()
    {
        using TempFolder folder = new();
        SyntheticModels.Write(folder.PathOf("<b>model"), WeightDistribution.Gaussian, 5, layers: HostileLayers);
        string page = await PageOfAsync(folder, folder.PathOf("<b>model"), new());

        List<string> elements = PageText.Elements(page);
        Assert.Equal(1, elements.Count(name => name == "script"));
        Assert.Equal(1, elements.Count(name => name == "style"));
        Assert.DoesNotContain("img", elements);
        Assert.DoesNotContain("<b>model", page, StringComparison.Ordinal);
        Assert.Contains("<h1>&lt;b&gt;model</h1>", page, StringComparison.Ordinal);
        Assert.Contains("data-v=\"blocks.0.&quot; onmouseover=&quot;alert(3)&quot; x=&#39;.weight\"", page, StringComparison.Ordinal);
        Assert.Contains("&amp;lt;b&amp;gt;\\u202etxt", page, StringComparison.Ordinal);
        Assert.DoesNotContain('\u202e', page);
    }

    [Fact]
    public async Task Render_AnyPage_LoadsNothingAndAllowsOnlyItsOwnScript()
    {
        using TempFolder folder = new();
        string page = await PageOfAsync(folder, SyntheticModels.Write(folder.PathOf("m"), WeightDistribution.Gaussian, 5), new());
        Assert.DoesNotMatch("(?i)https?:|//[a-z]|url\\(|@import|<link|<iframe|<img| src=| style=| on[a-z]+=", page);
        string policy = Policy().Match(page).Groups[1].Value;
        Assert.StartsWith("default-src &#39;none&#39;; ", policy, StringComparison.Ordinal);
        foreach ((string name, string directive) in new[] { ("style", "style-src"), ("script", "script-src") })
        {
            string text = page.Split($"<{name}>")[1].Split($"</{name}>")[0];
            string hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
            Assert.Contains($"{directive} &#39;sha256-{hash}&#39;", policy, StringComparison.Ordinal);
        }
    }

    [Fact, Trait("Category", "Slow")]
    public async Task Render_CalibratedModel_ShowsEveryLayerGroupAndByte()
    {
        using TempFolder folder = new();
        string page = await PageOfAsync(folder, RepositoryPaths.Sample("dit-digits"), new() { BitWidth = 2, GroupSize = 64 });
        QuantizationResult report = ReportJson.Deserialize(
            await File.ReadAllTextAsync(folder.PathOf("out", "report.json"), TestContext.Current.CancellationToken));

        PageText.Elements(page);
        Assert.Equal(20, report.Layers.Count);
        Assert.Equal(20, HeatCell().Count(page));
        Assert.All(report.Layers, layer => Assert.Contains($"<b>{HeatScale.Short(layer.OutputCosineSimilarity!.Value)}</b><i>INT2</i>", page));
        Assert.Equal(report.Layers.Select(layer => layer.Name), PageText.Values(page, "all", "layer"));
        Assert.Equal(
            report.Layers.OrderBy(layer => layer.OutputCosineSimilarity).Take(10).Select(layer => layer.Name),
            PageText.Values(page, "worst", "layer"));
        Assert.Equal(report.Layers.Select(layer => layer.Bpw), Numbers(PageText.Values(page, "all", "bits per weight")));
        Assert.Equal(
            Enumerable.Range(0, 10).Select(group => report.Layers.Max(layer => layer.TimeGroupErrors[group])),
            Numbers(PageText.Values(page, "groups", "largest error")));
        Assert.Equal(report.ModelSizeBytes, Numbers(PageText.Values(page, "parts", "bytes")).Sum());
        long source = TensorBytes(RepositoryPaths.SampleFile("dit-digits", "model.safetensors"));
        Assert.Equal([source, report.ModelSizeBytes], Numbers(PageText.Values(page, "before", "bytes")));
        Assert.Equal(report.Layers.Sum(layer => layer.Bytes), Numbers(PageText.Values(page, "modules", "bytes")).Sum());
        Assert.Equal(4, page.Split("class=\"curve c").Length - 1);
        Assert.Contains("<pre>bit_width: 2\ngroup_size: 64\n</pre>", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Render_FallbacksAndAttempts_AreToldWithTheirCauses()
    {
        using TempFolder folder = new();
        string model = SyntheticModels.Write(folder.PathOf("m"), WeightDistribution.Gaussian, 5);
        string page = await PageOfAsync(folder, model, new() { BitWidth = 2, MinAccuracy = 0.99 });
        Assert.Contains("<li class=\"failed\"><b>INT2</b>", page, StringComparison.Ordinal);
        Assert.Contains("<li class=\"passed\"><b>INT4</b>", page, StringComparison.Ordinal);
        Assert.Contains("<b>int2 &rarr; int4</b> bit width, in the INT2 attempt, whole model", page, StringComparison.Ordinal);
        Assert.Contains("<b>gptq &rarr; base</b> method, in the INT4 attempt, 4 layers", page, StringComparison.Ordinal);
        Assert.Contains("Cause: <code>no_calibration_data</code>", page, StringComparison.Ordinal);
        Assert.Contains("INT2 was asked for and did not pass.", page, StringComparison.Ordinal);
        Assert.Contains("Not measured: that needs calibration data", page, StringComparison.Ordinal);
        Assert.Contains("-o again --config quant.yaml --calibration none</pre>", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Yaml_OfAnyConfiguration_ReadsBackEqual()
    {
        DiffusionQuantConfig config = DiffusionQuantConfig.FromProfile(DeploymentProfile.Edge) with
        {
            BitWidth = 4,
            Modality = Modality.Audio,
            SensitiveLayerNames = ["a\"b", "c, d: [e]", "層\ud83d\ude00"],
            ExcludeLayers = [@"blocks\.\d+\..*"],
            LayerBitWidths = [new(@"blocks\.0\..*=x", 8), new("{y}", 16)],
        };
        List<string> errors = [];
        EffectiveConfiguration read = ConfigurationMerge.Merge(
            [YamlConfigurationReader.Read(ReproductionSection.Yaml(config), "quant.yaml", errors)], errors);
        Assert.Empty(errors);
        Assert.Equal(config, read.Config);
        Assert.Equal("", ReproductionSection.Yaml(new()));
    }

    private static async Task<string> PageOfAsync(TempFolder folder, string model, DiffusionQuantConfig config)
    {
        await new DiffusionQuantizer().QuantizeAsync(
            model, folder.PathOf("out"), config, null, TestContext.Current.CancellationToken);
        string page = HtmlReport.Render(folder.PathOf("out"));
        Assert.Equal(page, HtmlReport.Render(folder.PathOf("out")));
        return page;
    }

    // A safetensors file is the length of its header in eight bytes, the header, and the tensors.
    private static long TensorBytes(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        return bytes.Length - sizeof(long) - BitConverter.ToInt64(bytes);
    }

    private static IEnumerable<double> Numbers(IEnumerable<string> values) =>
        values.Select(value => double.Parse(value, CultureInfo.InvariantCulture));

    [GeneratedRegex("http-equiv=\"Content-Security-Policy\" content=\"([^\"]*)\"")]
    private static partial Regex Policy();

    [GeneratedRegex("""<td class="h\d b2" """)]
    private static partial Regex HeatCell();
}
