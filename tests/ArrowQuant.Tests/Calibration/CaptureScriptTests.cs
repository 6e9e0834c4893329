using System.ComponentModel;
using System.Diagnostics;
using ArrowQuant.Calibration;
using ArrowQuant.Configuration;
using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.Calibration;

/// <summary>The script that records calibration data from PyTorch, as far as this machine can run it.</summary>
public sealed class CaptureScriptTests : IDisposable
{
    private static readonly string Folder = Path.Combine(RepositoryPaths.Root, "samples", "calibration");

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WriteSafeTensors_WithoutTorch_WritesWhatIsRead()
    {
        string path = _folder.PathOf("calibration.safetensors");
        const string Script = """
            import array, sys, types
            sys.modules['torch'] = types.ModuleType('torch')
            import capture
            capture.write_safetensors(sys.argv[1], {
                'a.input': ('F32', [8, 2], array.array('f', range(16))), 'a.timestep': ('I64', [8], array.array('q', range(8)))})
            """;
        Assert.SkipUnless(Run("python3", "-c", "pass") == 0, "python3 is not installed");
        Assert.Equal(0, Run("python3", "-c", Script, path));
        using LayerCalibration layer = CalibrationData.Open([path], true, new DiffusionQuantConfig(), null)!.Load("a.weight", 2, out _)!;
        Assert.Equal(Enumerable.Range(0, 16).Select(i => (float)i), layer.Fit.Concat(layer.HeldOut).Order());
        Assert.Null(layer.TimeDefect);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public void Capture_SmallTorchModule_RecordsEveryLayer()
    {
        string path = _folder.PathOf("calibration.safetensors");
        string? python = Array.Find(["python3", "/usr/bin/python3"], program => Run(program, "-c", "import torch") == 0);
        Assert.SkipWhen(python is null, "no python3 with torch is installed");
        Assert.Equal(0, Run(python!, Path.Combine(Folder, "try_capture.py"), path));
        CalibrationData data = CalibrationData.Open([path], true, new DiffusionQuantConfig(), null)!;
        foreach ((string layer, long features) in
            new[] { ("unet/image.weight", 18L), ("unet/depthwise.weight", 3L), ("unet/out.weight", 8L) })
        {
            using LayerCalibration? calibration = data.Load(layer, features, out CalibrationDefect? defect);
            Assert.Null(defect);
            Assert.Equal(60, calibration!.FitCount + calibration.HeldOutCount);
            Assert.Equal(10, calibration.Groups.Count);
        }
    }

    private static int Run(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        try
        {
            using Process process = Process.Start(start)!;
            process.ErrorDataReceived += (_, line) => TestContext.Current.TestOutputHelper?.WriteLine(line.Data ?? "");
            process.BeginErrorReadLine();
            process.BeginOutputReadLine();
            process.WaitForExit();
            return process.ExitCode;
        }
        catch (Win32Exception)
        {
            return -1; // there is no such program
        }
    }
}
