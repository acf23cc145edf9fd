using Morag.Failover.Cli.Palettes;
using Morag.Failover.Contracts.Palettes;

namespace Morag.Failover.Cli.Tests.Palettes;

/// <summary>Tables on terminals of any width, and without one.</summary>
public sealed class TableViewSpecs
{
    private const string Message =
        "The breaker of worker gpu-17 has been open for 12 minutes, because 7 of its last 9 tasks failed with CUDA out of memory. "
        + "Look at its memory, then close the breaker.";

    private static readonly PaletteColumn[] Alerts =
    [
        Column("alert"),
        Column("state"),
        Column("severity"),
        Column("kind"),
        Column("component"),
        Column("raised", ColumnFormat.Time),
        Column("by"),
        Column("message"),
    ];

    private static readonly string[][] AlertRows =
    [
        ["104711", "acknowledged", "critical", "breaker_open", "worker:gpu-17", "2026-11-29 03:06:51Z", "anna", Message],
        ["104712", "active", "warning", "queue_unserved", "queue:gpu_priority", "2026-11-29 03:06:52Z", "-", "short"],
    ];

    private static readonly PaletteColumn[] Queues =
    [
        Column("queue"), Column("pending"), Column("processing"), Column("parked"), Column("completed"), Column("failed"),
        Column("workers"), Column("wait, min"), Column("work, min"), Column("paused"), Column("unserved"),
    ];

    [Theory]
    [InlineData(10)]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(100)]
    [InlineData(120)]
    [InlineData(160)]
    [InlineData(1000)]
    public void Should_show_every_id_word_and_time_whole_whatever_the_width(int width)
    {
        var lines = Print(Alerts, AlertRows, width);

        var text = string.Join('\n', lines);
        Assert.All(AlertRows.SelectMany(row => row[..7]).Where(cell => cell != "-"), cell => Assert.Contains(cell, text));
        Assert.All(Alerts, column => Assert.Contains(column.Header, text));
    }

    [Theory]
    [InlineData(120)]
    [InlineData(140)]
    public void Should_cut_only_the_message_and_stay_within_the_width_when_the_rest_fits(int width)
    {
        var lines = Print(Alerts, AlertRows, width);

        Assert.Equal(4, lines.Length);
        Assert.All(lines, line => Assert.InRange(line.Length, 1, width));
        Assert.EndsWith("…", lines[2]);
        Assert.Contains("The breaker of work", lines[2]);
    }

    [Theory]
    [InlineData(80)]
    [InlineData(100)]
    public void Should_print_each_row_as_a_record_with_its_whole_message_when_the_columns_do_not_fit(int width)
    {
        var lines = Print(Alerts, AlertRows, width);

        Assert.Equal("alert      104711", lines[0]);
        Assert.Equal("message    " + Message, lines[7]);
        Assert.Equal("", lines[8]);
        Assert.Equal("alert      104712", lines[9]);
        Assert.DoesNotContain(lines[9..], line => line.StartsWith("by ", StringComparison.Ordinal));
    }

    [Fact]
    public void Should_break_headings_between_words_only()
    {
        string[][] rows =
            [["gpu_priority", "200000", "12", "4", "99999", "17", "3", "1.25", "0.5", "-", "for 12 tasks no worker offers 24 GiB"]];

        var lines = Print(Queues, rows, 120);

        Assert.Equal(4, lines.Length);
        Assert.All(lines, line => Assert.InRange(line.Length, 1, 120));
        Assert.All(
            Queues.SelectMany(column => column.Header.Split(' ')), word => Assert.Contains(word, lines[0] + " " + lines[1]));
    }

    [Fact]
    public void Should_leave_out_columns_without_any_value_before_it_prints_records()
    {
        string[][] rows = [[new('a', 30), new('b', 30), "-", "-"], [new('c', 30), new('d', 30), "-", "-"]];

        var lines = Print([Column("task"), Column("worker"), Column("not before"), Column("waits because")], rows, 64);

        Assert.Equal($"task{new string(' ', 28)}worker", lines[0]);
        Assert.Equal($"{rows[0][0]}  {rows[0][1]}", lines[2]);
    }

    [Fact]
    public void Should_cut_nothing_and_not_pad_to_long_texts_when_there_is_no_terminal()
    {
        string[][] rows = [[new('a', 5000), "1"], ["b", Message]];

        var lines = Print([Column("text"), Column("note")], rows, null);

        Assert.Equal($"{rows[0][0]}  1", lines[2]);
        Assert.Equal($"b{new string(' ', 81)}{Message}", lines[3]);
    }

    [Fact]
    public void Should_count_wide_letters_as_two_columns()
    {
        var lines = Print([Column("name"), Column("id")], [["日本語の 長い 名前 がここにあります", "7"]], 30);

        Assert.Equal("日本語の 長い 名前 がここ…  7", lines[2]);
    }

    private static PaletteColumn Column(string header, ColumnFormat format = ColumnFormat.Text) =>
        new() { Header = header, Field = header, Format = format };

    private static string[] Print(PaletteColumn[] columns, string[][] rows, int? width)
    {
        using var output = new StringWriter { NewLine = "\n" };
        TableView.Write(output, columns, rows, width);
        return output.ToString().TrimEnd('\n').Split('\n');
    }
}
