using System.Reflection;
using System.Runtime.CompilerServices;
using PublicApiGenerator;

namespace Morag.PublicSurface;

/// <summary>
/// Holds the public surface of a package to <c>PublicSurface.approved.txt</c> in the folder of its tests, so that what others compile
/// against changes on purpose only. After such a change, run the spec once with <c>MORAG_ACCEPT_SURFACE=1</c> and review the file.
/// </summary>
/// <remarks>The test project of each package links this file, and has a name that ends in .Tests after the package's own.</remarks>
public sealed class PublicSurfaceSpecs
{
    [Fact]
    public void Should_have_the_approved_surface()
    {
        var tests = typeof(PublicSurfaceSpecs).Assembly.GetName().Name!;
        var package = Assembly.Load(tests[..^".Tests".Length]);
        var options = new ApiGeneratorOptions { IncludeAssemblyAttributes = false };
        var surface = package.GeneratePublicApi(options).ReplaceLineEndings("\n") + "\n";
        var file = Path.Combine(Folder(), tests, "PublicSurface.approved.txt");
        if (Environment.GetEnvironmentVariable("MORAG_ACCEPT_SURFACE") == "1")
        {
            File.WriteAllText(file, surface);
        }

        Assert.Equal(File.ReadAllText(file).ReplaceLineEndings("\n"), surface);
    }

    private static string Folder([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;
}
