using Morag.Failover.Cli.Agents;
using Morag.Failover.Cli.CommandLine;

namespace Morag.Failover.Cli.Tests.Agents;

public sealed class WorkFolderSpecs : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("morag-folders-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Should_use_different_folders_when_ids_differ()
    {
        string[] ids = ["gpu:1", "gpu~1", "gpu~c1", "gpu~~1", "gpu1", "gpu~:1", "gpu:~1", "gpu::1"];

        var taken = ids.Select(id => WorkFolder.Acquire(id, folder)).ToArray();

        Assert.Equal(ids.Length, taken.Select(one => one.Path).Distinct().Count());
        foreach (var one in taken)
        {
            one.Dispose();
        }
    }

    [Fact]
    public void Should_reject_an_id_when_another_agent_uses_it()
    {
        using var first = WorkFolder.Acquire("w", folder);

        var conflict = Assert.Throws<CommandFailure>(() => WorkFolder.Acquire("w", folder));
        Assert.Equal(ExitCode.Conflict, conflict.ExitCode);
        Assert.Contains("another agent on this machine is running as worker w", conflict.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_reject_a_folder_when_it_belongs_to_another_worker()
    {
        WorkFolder.Acquire("W", folder).Dispose();
        Directory.Move(Path.Combine(folder, "W"), Path.Combine(folder, "w"));

        var failure = Assert.Throws<CommandFailure>(() => WorkFolder.Acquire("w", folder));
        Assert.Contains("belongs to worker W", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_recognize_runs_when_they_use_the_same_folder()
    {
        using var other = WorkFolder.Acquire("other", folder);
        using var again = WorkFolder.Acquire("w", folder);
        var first = again.NewInstance();
        again.Dispose();
        using var second = WorkFolder.Acquire("w", folder);

        Assert.NotEqual(first, second.NewInstance());
        Assert.True(WorkFolder.IsOfSameFolder(first, second.NewInstance()));
        Assert.False(WorkFolder.IsOfSameFolder(first, other.NewInstance()));
        Assert.False(WorkFolder.IsOfSameFolder(new("a"), new("a")));
    }
}
