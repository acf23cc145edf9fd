using Morag.Failover.Cli.Shell;

namespace Morag.Failover.Cli.Tests.Shell;

/// <summary>Lines of the shell are split as a POSIX shell splits them.</summary>
public sealed class ShellWordsSpecs
{
    [Theory]
    [InlineData("task list --filter 'state:parked'", "task", "list", "--filter", "state:parked")]
    [InlineData("a 'state:parked error~\"out of memory\"'", "a", "state:parked error~\"out of memory\"")]
    [InlineData("a \"it's \\\"here\\\" \\\\ \\n\"", "a", "it's \"here\" \\ \\n")]
    [InlineData("a 'a\\b' b\\ c \\'d", "a", "a\\b", "b c", "'d")]
    [InlineData("a'b c'\"d e\"f ''  ", "ab cd ef", "")]
    [InlineData("  \t ")]
    [InlineData("'it'\\''s'", "it's")]
    [InlineData("end\\", "end\\")]
    public void Should_split_a_line_as_a_posix_shell(string line, params string[] words) =>
        Assert.Equal(words, ShellWords.Split(line, escapes: true));

    [Theory]
    [InlineData("a 'b")]
    [InlineData("a \"b'")]
    [InlineData("a \"b\\\"")]
    public void Should_find_no_words_when_a_quote_is_not_closed(string line) => Assert.Null(ShellWords.Split(line, escapes: true));

    [Fact]
    public void Should_keep_the_backslashes_of_a_path_when_they_are_no_escapes() =>
        Assert.Equal(["@C:\\a b\\c", "d\\e"], ShellWords.Split("\"@C:\\a b\\c\" d\\e", escapes: false)!);
}
