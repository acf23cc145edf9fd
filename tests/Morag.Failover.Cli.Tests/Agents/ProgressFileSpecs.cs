using Morag.Failover.Cli.Agents.Processes;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Tests.Agents;

public sealed class ProgressFileSpecs : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("morag-progress-").FullName;
    private readonly List<string> problems = [];
    private readonly ProgressFile file;

    public ProgressFileSpecs() => file = ProgressFile.Create(Path, problems.Add);

    private string Path => System.IO.Path.Combine(folder, "progress.jsonl");

    public void Dispose()
    {
        file.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Should_read_whole_lines_as_they_are_added_and_join_what_they_say()
    {
        Assert.Null(file.ReadNew(isLast: false));
        Add("""{"percent":10,"checkpoint":1}""" + "\r\n\n20\n{\"mess");
        Assert.Equal(new ProgressUpdate(20, null, JsonText.Trusted("1")), file.ReadNew(isLast: false));
        Assert.Null(file.ReadNew(isLast: false));
        Add("""age":"almost"}""");
        Assert.Null(file.ReadNew(isLast: false));
        Assert.Equal(new ProgressUpdate(Message: "almost"), file.ReadNew(isLast: true));
        Assert.Null(file.ReadNew(isLast: true));
        Assert.Empty(problems);
    }

    [Fact]
    public void Should_read_on_when_lines_cannot_be_used_or_the_file_is_written_anew()
    {
        Add("nonsense\n\uFEFF30\n\0\0\0\n");
        Assert.Equal(30, file.ReadNew(isLast: false)!.Percent);
        Assert.Single(problems);
        File.WriteAllText(Path, "4\n");

        Assert.Equal(4, file.ReadNew(isLast: false)!.Percent);
    }

    [Fact]
    public void Should_read_only_the_end_of_a_flood()
    {
        Add($"{new string('9', 3 * ProgressFile.MaxBytes)}\n");
        Add("""{"percent":50,"checkpoint":2}""" + "\n");

        Assert.Equal(new ProgressUpdate(50, null, JsonText.Trusted("2")), file.ReadNew(isLast: false));
        Assert.Empty(problems);
    }

    [Fact]
    public void Should_go_on_reading_its_own_file_when_the_path_is_removed_or_replaced()
    {
        using (var open = File.Open(Path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            File.Delete(Path);
            _ = File.CreateSymbolicLink(Path, "/dev/zero");
            open.Write("60\n"u8);
        }

        Assert.Equal(60, file.ReadNew(isLast: true)!.Percent);
    }

    private void Add(string text) => File.AppendAllText(Path, text);
}
