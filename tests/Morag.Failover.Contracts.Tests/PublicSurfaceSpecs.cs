using System.Runtime.CompilerServices;
using PublicApiGenerator;

namespace Morag.Failover.Contracts.Tests;

/// <summary>
/// Holds the public surface to <c>PublicSurface.approved.txt</c>: what others compile against changes on purpose only. After a change
/// that is meant, run once with <c>MORAG_ACCEPT_SURFACE=1</c> and review the file with the rest.
/// </summary>
public sealed class PublicSurfaceSpecs
{
    [Fact]
    public void Should_have_the_approved_surface()
    {
        var surface = typeof(IWireMessage).Assembly.GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false }).ReplaceLineEndings("\n") + "\n";
        var file = ApprovedFile();
        if (Environment.GetEnvironmentVariable("MORAG_ACCEPT_SURFACE") == "1")
        {
            File.WriteAllText(file, surface);
        }

        Assert.Equal(File.ReadAllText(file).ReplaceLineEndings("\n"), surface);
    }

    private static string ApprovedFile([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "PublicSurface.approved.txt");
}
