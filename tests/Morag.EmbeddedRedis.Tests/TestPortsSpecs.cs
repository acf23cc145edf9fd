
namespace Morag.EmbeddedRedis.Tests;

/// <summary>
/// How processes share the ports of test servers. Each instance of <see cref="TestPorts"/> acts as a process: an open file excludes
/// instances in the same process as well.
/// </summary>
public sealed class TestPortsSpecs : IDisposable
{
    private const int Many = TestPorts.BlockSize + 10;

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("morag-ports-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void Should_return_no_port_twice_when_several_processes_ask()
    {
        TestPorts[] processes = [.. Enumerable.Range(0, 40).Select(_ => new TestPorts(folder.FullName, _ => true))];

        var given = Enumerable.Range(0, Many).SelectMany(_ => processes.Select(process => process.Next())).ToList();

        Assert.Equal(given.Count, given.Distinct().Count());
        Assert.All(processes, process => process.Dispose());
    }

    [Fact]
    public void Should_return_the_ports_of_a_process_to_others_when_it_has_ended()
    {
        for (var process = 0; process < 200; process++)
        {
            using var ports = new TestPorts(folder.FullName, _ => true);
            ports.Next();
        }
    }

    [Fact]
    public void Should_skip_a_port_when_a_program_listens_on_it()
    {
        using var ports = new TestPorts(folder.FullName, port => port % 2 == 0);

        Assert.All(Enumerable.Range(0, Many), _ => Assert.True(ports.Next() % 2 == 0));
    }
}
