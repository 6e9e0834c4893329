using System.Diagnostics;

namespace ArrowQuant.Benchmarks;

/// <summary>What figures belong to.</summary>
internal static class Repository
{
    /// <summary>The short hash of the commit that is checked out.</summary>
    public static string Commit()
    {
        using Process git = Process.Start(new ProcessStartInfo("git", "rev-parse --short HEAD") { RedirectStandardOutput = true })!;
        return git.StandardOutput.ReadToEnd().Trim();
    }
}
