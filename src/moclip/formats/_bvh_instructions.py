"""Instructions of the processor that numba has no name for, each a line of LLVM."""

from typing import no_type_check

import numba
from llvmlite import ir  # type: ignore[import-untyped]
from numba.extending import intrinsic

_Sixteen = ir.VectorType(ir.IntType(8), 16)


@intrinsic
@no_type_check
def trailing_zeros(_, number):
    """One instruction of the processor; 64 for zero."""

    @no_type_check
    def code(context, builder, signature, arguments):
        return builder.cttz(arguments[0], context.get_constant(numba.types.boolean, 0))

    return numba.types.uint64(numba.types.uint64), code


@intrinsic
@no_type_check
def blanks(_, text, at):
    """Which of the next sixteen bytes are at most a space: a bit each, the first the lowest."""

    @no_type_check
    def code(context, builder, signature, arguments):
        letters = _sixteen(context, builder, signature, arguments)
        return _bits(builder, builder.icmp_unsigned("<=", letters, _all(ord(" "))))

    return numba.types.uint64(text, at), code


@intrinsic
@no_type_check
def others(_, text, at):
    """Which of the next sixteen bytes are no digits."""

    @no_type_check
    def code(context, builder, signature, arguments):
        letters = _sixteen(context, builder, signature, arguments)
        digits = builder.sub(letters, _all(ord("0")))
        return _bits(builder, builder.icmp_unsigned(">", digits, _all(9)))

    return numba.types.uint64(text, at), code


@no_type_check
def _sixteen(context, builder, signature, arguments):
    text, at = arguments
    data = context.make_array(signature.args[0])(context, builder, text).data
    address = builder.bitcast(builder.gep(data, [at]), _Sixteen.as_pointer())
    return builder.load(address, align=1)


@no_type_check
def _all(byte):
    return ir.Constant(_Sixteen, [byte] * 16)


@no_type_check
def _bits(builder, each):
    return builder.zext(builder.bitcast(each, ir.IntType(16)), ir.IntType(64))
