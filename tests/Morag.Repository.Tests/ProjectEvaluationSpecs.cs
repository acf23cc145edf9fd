using System.Diagnostics;

namespace Morag.Repository.Tests;

/// <summary>What MSBuild makes of the projects, when nodes have run in their folders.</summary>
public sealed class ProjectEvaluationSpecs : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("evaluated-");

    [Fact]
    public async Task Should_leave_the_data_of_a_node_out_of_the_build_when_it_is_in_a_project_folder()
    {
        Write("Directory.Build.props", $"""<Project><Import Project="{RepositoryFiles.Root}/Directory.Build.props" /></Project>""");
        Write("web.csproj", """<Project Sdk="Microsoft.NET.Sdk.Web" />""");
        Write("copied.json", "{}");
        Write("morag-data/journal-embedded.json", "{}");
        Write("morag-data/redis/data.json", "{}");

        var items = await EvaluateAsync(Path.Combine(folder.FullName, "web.csproj"), "-getItem:Content", "-getItem:None");

        Assert.Contains("copied.json", items, StringComparison.Ordinal);
        Assert.DoesNotContain("morag-data", items, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_run_the_node_in_the_folder_of_the_caller_when_dotnet_run_starts_it()
    {
        var node = Path.Combine(RepositoryFiles.Root, "src", "Morag.Failover.Node", "Morag.Failover.Node.csproj");

        Assert.Equal("", (await EvaluateAsync(node, "-getProperty:RunWorkingDirectory")).Trim());
    }

    public void Dispose() => folder.Delete(recursive: true);

    private void Write(string file, string text)
    {
        var path = Path.Combine(folder.FullName, file);
        _ = Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    private static async Task<string> EvaluateAsync(string project, params string[] questions)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", ["msbuild", project, "-nologo", .. questions])
        {
            RedirectStandardOutput = true,
        })!;
        using var limit = new CancellationTokenSource(Limit);
        var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        Assert.True(process.ExitCode == 0, output);
        return output;
    }
}
