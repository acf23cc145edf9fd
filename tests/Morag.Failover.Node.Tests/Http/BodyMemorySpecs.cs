using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;

namespace Morag.Failover.Node.Tests.Http;

public sealed class BodyMemorySpecs
{
    [Fact]
    public void Should_refuse_a_body_when_those_being_read_take_all_memory_until_one_is_done()
    {
        var memory = new BodyMemory(3 << 20);
        memory.Reserve(2 << 20);

        var refused = Assert.Throws<ProblemException>(() => memory.Reserve(2 << 20));

        Assert.Equal(429, refused.Problem.Status);
        Assert.Contains("already reading 3 MiB of request bodies. Retry in a moment", refused.Problem.Detail, StringComparison.Ordinal);
        memory.Reserve(1 << 20);
        memory.Release(2 << 20);
        memory.Reserve(2 << 20);
    }
}
