using Morag.Failover.Cli.Shell;

namespace Morag.Failover.Cli.Tests.Shell;

/// <summary>The file with the history of the shell.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class ShellHistorySpecs : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("morag-history-").FullName;

    private string Path => System.IO.Path.Combine(folder, "morag", "history");

    [Fact]
    public void Should_keep_lines_for_the_next_shell_in_a_file_that_only_the_user_can_read()
    {
        var history = new ShellHistory(Path);
        history.Add("task list");
        history.Add("task list");
        history.Add("worker list");

        Assert.Equal(["task list", "worker list"], new ShellHistory(Path).Lines);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
    }

    [Theory]
    [InlineData("task list --token secret")]
    [InlineData("task list --token=secret")]
    [InlineData("task list --token:secret")]
    [InlineData("task list \"--token=secret\"")]
    [InlineData("task list '--token' secret")]
    [InlineData("task list --tok\"en\"=secret")]
    [InlineData(" worker list")]
    [InlineData("")]
    [InlineData("a\u001b[31mb")]
    public void Should_not_keep_lines_with_a_secret_or_that_begin_with_a_space(string line)
    {
        new ShellHistory(Path).Add(line);

        Assert.False(File.Exists(Path));
    }

    [Fact]
    public void Should_keep_at_most_a_thousand_lines_in_memory_and_two_thousand_in_the_file()
    {
        var history = new ShellHistory(Path);
        for (var number = 0; number < (3 * ShellHistory.MaxLines) + 7; number++)
        {
            history.Add(FormattableString.Invariant($"task show {number}"));
        }

        Assert.Equal(ShellHistory.MaxLines, history.Lines.Count);
        Assert.InRange(File.ReadAllLines(Path).Length, ShellHistory.MaxLines, 2 * ShellHistory.MaxLines);
        Assert.Equal(history.Lines, new ShellHistory(Path).Lines);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
    }

    [Fact]
    public void Should_keep_the_lines_of_another_shell_when_the_file_is_cut()
    {
        var history = new ShellHistory(Path);
        var other = new ShellHistory(Path);
        for (var number = 0; number < 2 * ShellHistory.MaxLines; number++)
        {
            history.Add(FormattableString.Invariant($"task show {number}"));
            if (number == (2 * ShellHistory.MaxLines) - 10)
            {
                other.Add("typed in another shell");
            }
        }

        Assert.InRange(File.ReadAllLines(Path).Length, ShellHistory.MaxLines, ShellHistory.MaxLines + 10);
        Assert.Contains("typed in another shell", new ShellHistory(Path).Lines);
    }

    [Fact]
    public void Should_keep_a_line_that_names_the_file_of_a_token()
    {
        new ShellHistory(Path).Add("task list --token-file /run/secrets/token");

        Assert.Single(new ShellHistory(Path).Lines);
    }

    [Fact]
    public void Should_close_a_file_that_was_open_to_others()
    {
        new ShellHistory(Path).Add("task list");
        File.SetUnixFileMode(Path, (UnixFileMode)0b110_110_110);

        new ShellHistory(Path).Add("worker list");

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
    }

    [Fact]
    public void Should_keep_lines_in_memory_when_the_file_cannot_be_used()
    {
        File.WriteAllText(System.IO.Path.Combine(folder, "morag"), "a file, not a folder");
        var history = new ShellHistory(Path);

        history.Add("task list");

        Assert.Equal(["task list"], history.Lines);
    }

    [Fact]
    public void Should_be_in_the_folder_for_state()
    {
        Assert.Equal("/s/morag/history", ShellHistory.DefaultFile(name => name == "XDG_STATE_HOME" ? "/s" : "/h"));
        Assert.Equal("/h/.local/state/morag/history", ShellHistory.DefaultFile(name => name == "HOME" ? "/h" : null));
        Assert.Null(ShellHistory.DefaultFile(_ => null));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
