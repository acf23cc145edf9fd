using System.Security.Cryptography;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests;

/// <summary><c>morag demo FOLDER</c>, with nothing but a build.</summary>
public sealed class DemoProcessSpecs : IDisposable
{
    private const int Files = 30;

    private readonly TestFolder folder = new();

    [NoNodeRunsFact]
    public async Task Should_start_its_own_node_and_hash_every_file_when_no_node_is_running() =>
        await HashesEveryFileAsync("starting a node for the demo");

    [Fact]
    public async Task Should_hash_every_file_on_the_given_node_when_node_is_set()
    {
        await using var node = await NodeProcess.StartAsync(new NodeProcessSettings { DataFolder = folder.Sub("node") });

        await HashesEveryFileAsync(
            $"using the node at {node.Address.GetLeftPart(UriPartial.Authority)}", "--node", node.Address.ToString());

        Assert.Equal(Files, (await node.Client.TasksAsync()).Count);
    }

    public void Dispose() => folder.Dispose();

    private async Task HashesEveryFileAsync(string whichNode, params string[] options)
    {
        var files = folder.Sub("files");
        var expected = new List<string>();
        for (var number = 0; number < Files; number++)
        {
            var content = RandomNumberGenerator.GetBytes(number * 1_000);
            var path = Path.Combine(files, $"file {number:00}");
            File.WriteAllBytes(path, content);
            expected.Add($"{Convert.ToHexStringLower(SHA256.HashData(content))}  {path}");
        }

        var sums = Path.Combine(folder.Path, "sums");
        await using var demo = RunningProgram.Start(Programs.Morag, ["demo", files, "--sums", sums, .. options]);

        Assert.True(await demo.EndedAsync() == 0, demo.Output);
        Assert.Contains(whichNode, demo.Output, StringComparison.Ordinal);
        Assert.Contains("with kill -9 while it held", demo.Output, StringComparison.Ordinal);
        Assert.Matches(@"lost +0\n", demo.Output);
        Assert.Matches(@"completed twice +0\n", demo.Output);
        Assert.Contains("all hashes match", demo.Output, StringComparison.Ordinal);
        Assert.Equal(expected, File.ReadAllLines(sums));
        Assert.Empty(demo.Family());
    }
}
